"""The codebase tests itself: versions agree, layers hold, the package is documented and light."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from importlib.metadata import version
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

import kan
from kan import _core, pde

ROOT = Path(__file__).resolve().parents[1]
PUBLIC_HEADERS = sorted((ROOT / "cpp/include/kan").glob("*.hpp"))
PYTHON_SOURCES = sorted((ROOT / "python/kan").rglob("*.py"))
OPTIONAL_PACKAGES = {
    "graphviz", "matplotlib", "mpi4py", "onnx", "onnxruntime", "pandas", "safetensors", "scipy",
    "sklearn", "sympy", "torch",
}  # fmt: skip

# What a kernel may include: no container, no stream, no inline function of the standard library
# that the linker could take from a file compiled for another instruction set.
KERNEL_INCLUDES = {
    "arm_neon.h", "cassert", "climits", "cstddef", "cstdint", "cstdlib", "cstring", "immintrin.h",
    "math.h",
    "kan/architecture.hpp", "limits", "type_traits",
}  # fmt: skip


def cmake_version() -> str:
    found = re.search(r"project\(kan VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text())
    assert found is not None
    return found[1]


def cpp_sources(folder: str) -> list[Path]:
    endings = {".cpp", ".hpp", ".inl"}
    return sorted(path for path in (ROOT / folder).rglob("*") if path.suffix in endings)


# Which set of kernels runs is chosen once, above them.
KERNEL_SOURCES = [path for path in cpp_sources("cpp/src/kernels") if path.stem != "dispatch"]


def cpp_code(path: Path) -> str:
    """The text of a C++ file without its comments."""
    return re.sub(r"//[^\n]*|/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)


def includes(path: Path) -> set[str]:
    return set(re.findall(r'^#\s*include\s*[<"]([^>"]+)[>"]', cpp_code(path), flags=re.MULTILINE))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def public_names() -> list[str]:
    own = [name for name in kan.__all__ if not name.startswith("__")]
    return own + [f"pde.{name}" for name in pde.__all__]


def thing_named(name: str) -> Any:
    return attrgetter(name)(kan)


def test_one_version_is_told_by_cmake_the_package_and_the_extension() -> None:
    assert version("kan-core") == cmake_version()
    assert kan.__version__ == cmake_version()
    assert _core.__version__ == cmake_version()


def test_show_config_tells_the_version_of_the_compiled_library(
    capsys: pytest.CaptureFixture[str],
) -> None:
    kan.show_config()
    assert re.search(rf"^kan\s+{re.escape(_core.__version__)}$", capsys.readouterr().out, re.M)


def test_the_changelog_speaks_of_the_current_version() -> None:
    headings = re.findall(r"^## .*$", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)
    assert any(re.search(rf"(?<![\d.]){re.escape(cmake_version())}\b", line) for line in headings)


def test_the_top_cmake_file_stays_short() -> None:
    assert len((ROOT / "CMakeLists.txt").read_text().splitlines()) <= 60


@pytest.mark.parametrize("path", PUBLIC_HEADERS, ids=name_of)
def test_a_public_header_includes_public_and_standard_headers_only(path: Path) -> None:
    public = {f"kan/{header.name}" for header in PUBLIC_HEADERS} | {"kan/version.hpp"}
    standard = {name for name in includes(path) if re.fullmatch(r"[a-z0-9_]+", name)}
    assert includes(path) - standard <= public


def test_the_header_for_c_programs_includes_standard_headers_only() -> None:
    assert includes(ROOT / "cpp/include/kan/kan.h") == {"stddef.h"}


def test_the_header_of_everything_names_every_public_header() -> None:
    header_of_all = ROOT / "cpp/include/kan/kan.hpp"
    others = {f"kan/{header.name}" for header in PUBLIC_HEADERS} - {"kan/kan.hpp"}
    assert includes(header_of_all) == others | {"kan/version.hpp"}


@pytest.mark.parametrize("path", cpp_sources("cpp/include") + cpp_sources("cpp/src"), ids=name_of)
def test_the_cpp_library_knows_nothing_of_python(path: Path) -> None:
    assert not [name for name in includes(path) if "pybind11" in name or "Python" in name]


@pytest.mark.parametrize("path", KERNEL_SOURCES, ids=name_of)
def test_a_kernel_includes_nothing_of_the_layers_above(path: Path) -> None:
    above = {name for name in includes(path) if not name.startswith("kernels/")}
    assert above <= KERNEL_INCLUDES


@pytest.mark.parametrize("path", KERNEL_SOURCES, ids=name_of)
def test_a_kernel_starts_no_thread_allocates_nothing_and_throws_nothing(path: Path) -> None:
    forbidden = r"\b(throw|try|new|delete|malloc|free|std::vector|std::string)\b|#\s*pragma\s+omp"
    assert not re.findall(forbidden, cpp_code(path))


@pytest.mark.parametrize("path", cpp_sources("src/kan_core"), ids=name_of)
def test_the_bindings_see_only_the_public_headers_of_the_library(path: Path) -> None:
    own = {header.name for header in (ROOT / "src/kan_core").glob("*.hpp")}
    local = {name for name in includes(path) if name.endswith((".hpp", ".h"))} - own
    assert all(name.startswith(("kan/", "pybind11/")) for name in local)
    assert not any(name.startswith(("kernels/", "src/")) for name in local)


def test_the_module_file_only_calls_the_binding_of_each_concept() -> None:
    folder = ROOT / "src/kan_core"
    called = re.findall(r"\bbind_(\w+)\(m\);", (folder / "module.cpp").read_text())
    concepts = [path.stem.removeprefix("bind_") for path in folder.glob("bind_*.cpp")]
    assert sorted(called) == sorted(concepts)


@pytest.mark.parametrize("path", PYTHON_SOURCES, ids=name_of)
def test_the_python_package_imports_nothing_of_the_repository_around_it(path: Path) -> None:
    modules = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            modules.add((node.module or "").partition(".")[0])
    known = sys.stdlib_module_names | OPTIONAL_PACKAGES | {"kan", "numpy", "tqdm"}
    assert modules <= known


def test_importing_kan_does_not_ask_for_an_optional_package() -> None:
    program = f"""
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {OPTIONAL_PACKAGES!r}:
            raise AssertionError(f"import kan asked for {{name}}")

sys.meta_path.insert(0, Refuse())
import kan
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_public_name_is_listed_once_and_exists() -> None:
    assert len(kan.__all__) == len(set(kan.__all__))
    assert all(hasattr(kan, name) for name in kan.__all__)


@pytest.mark.parametrize("name", public_names())
def test_a_public_name_has_a_docstring_of_its_own(name: str) -> None:
    thing = thing_named(name)
    if isinstance(thing, type):
        assert "__doc__" in vars(thing)
    assert inspect.cleandoc(thing.__doc__ or "")


@pytest.mark.parametrize("name", public_names())
def test_the_public_methods_of_a_public_class_have_docstrings(name: str) -> None:
    thing = thing_named(name)
    members = vars(thing) if isinstance(thing, type) else {}
    bare = [
        member
        for member, value in members.items()
        if not member.startswith("_")
        and (callable(value) or isinstance(value, (property, classmethod, staticmethod)))
        and not (getattr(value, "__doc__", None) or "").strip()
    ]
    assert not bare


def test_the_package_ships_its_types() -> None:
    folder = Path(kan.__file__).parent
    assert (folder / "py.typed").exists()
    assert (folder / "_core.pyi").exists()
