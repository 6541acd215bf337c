"""The installed package carries the C++ library, and programs of others are built with it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata, resources
from pathlib import Path

import numpy as np
import pytest

import kan
from kan import KAN, _core

ROOT = Path(__file__).resolve().parents[1]
CONSUMER = ROOT / "cpp/tests/consumer"
HOME = Path(_core.__file__).resolve().parent
POINT = (0.3, -0.2)

# What builds a program, and no Python among it.
TOOLS = ("cmake", "ninja", "make", "cc", "c++", "as", "ld", "ar", "ranlib", "nm", "strip", "sh")


def is_script(path: str) -> bool:
    with open(path, "rb") as file:
        return file.read(2) == b"#!"


def program(name: str) -> str | None:
    """The first program of this name on the PATH that is no script: pip's CMake needs Python."""
    folders = os.environ.get("PATH", "").split(os.pathsep)
    found = (shutil.which(name, path=folder) for folder in folders)
    return next((path for path in found if path and not is_script(path)), None)


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    """Skip where the core that runs is not that of the installed package."""
    try:
        installed = Path(str(metadata.distribution("kan-core").locate_file("kan"))).resolve()
    except metadata.PackageNotFoundError:
        pytest.skip("kan-core is not installed")
    if installed != HOME:
        pytest.skip(f"the core comes from {HOME}, the installed package is in {installed}")


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tools alone, to be the whole PATH."""
    folder = tmp_path_factory.mktemp("tools")
    for name in TOOLS:
        found = program(name)
        if found:
            (folder / name).symlink_to(found)
    for name in ("cmake", "cc", "c++"):
        if not (folder / name).exists():
            pytest.skip(f"there is no {name}")
    return folder


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A model, a point, and exactly what the model says there: what consumers are told."""
    path = tmp_path_factory.mktemp("model") / "m.safetensors"
    model = KAN([2, 3, 1], seed=3)
    model.save(path, self_test=np.array([POINT]))
    answer = float(model(np.array([POINT]))[0, 0])
    return [str(path), *map(repr, POINT), repr(answer), "0"]


def output_of(command: Sequence[object], environment: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout.strip()


def folder(name: str) -> Path:
    return Path(output_of([sys.executable, "-m", "kan", f"--{name}"]))


def test_the_folders_hold_what_their_names_say() -> None:
    assert (folder("cmakedir") / "kanConfig.cmake").is_file()
    assert (folder("pkgconfigdir") / "kan.pc").is_file()
    headers = {path.name for path in (folder("includedir") / "kan").iterdir()}
    sources = {path.name for path in (ROOT / "cpp/include/kan").iterdir()}
    assert headers == sources | {"version.hpp"}


def test_the_package_holds_the_static_library_alone() -> None:
    libraries = [path.name for path in (HOME / "lib").iterdir() if path.is_file()]
    assert libraries == ["libkan.a"]


def test_projects_find_the_package_build_with_it_and_get_the_same_bits_without_python(
    tools: Path, case: list[str], tmp_path: Path
) -> None:
    for name in ("python", "python3", f"python3.{sys.version_info[1]}"):
        assert shutil.which(name, path=str(tools)) is None
    alone = {"PATH": str(tools)}
    generator = "Ninja" if (tools / "ninja").exists() else "Unix Makefiles"
    configure = ["cmake", "-S", CONSUMER, "-B", tmp_path, "-G", generator]
    options = [f"-Dkan_DIR={folder('cmakedir')}", f"-DEXPECTED_VERSION={kan.__version__}"]
    output_of([tools / "cmake", *configure[1:], *options], alone)
    output_of([tools / "cmake", "--build", tmp_path], alone)
    for consumer in ("consumer", "consumer_c"):
        assert float(output_of([tmp_path / consumer, *case], alone)) == float(case[3])


def test_who_asks_for_the_shared_library_is_told_that_it_is_not_there(
    tools: Path, tmp_path: Path
) -> None:
    project = ROOT / "cpp/tests/consumer_c"
    done = subprocess.run(
        [tools / "cmake", "-S", project, "-B", tmp_path, f"-Dkan_DIR={folder('cmakedir')}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "this installation has no component shared" in " ".join(done.stderr.split())


@pytest.fixture(scope="module")
def flags() -> dict[str, list[str]]:
    """What pkg-config says of the package, for compilers and for linkers."""
    pkg_config = program("pkg-config") or program("pkgconf")
    if pkg_config is None:
        pytest.skip("there is no pkg-config")
    told = {**os.environ, "PKG_CONFIG_PATH": str(folder("pkgconfigdir"))}
    assert output_of([pkg_config, "--modversion", "kan"], told) == kan.__version__
    kinds = ("--cflags", "--libs")
    return {kind: output_of([pkg_config, kind, "kan"], told).split() for kind in kinds}


def test_a_compiler_and_pkg_config_are_enough(
    tools: Path, flags: dict[str, list[str]], case: list[str], tmp_path: Path
) -> None:
    version = f'-DEXPECTED_VERSION="{kan.__version__}"'
    sources = [version, *flags["--cflags"], CONSUMER / "main.cpp", *flags["--libs"]]
    made = tmp_path / "consumer"
    output_of([tools / "c++", "-std=c++17", *sources, "-o", made])
    assert float(output_of([made, *case])) == float(case[3])


@pytest.mark.parametrize("language", ["cpp", "c"])
def test_the_whole_programs_of_the_readme_run(
    language: str, tools: Path, flags: dict[str, list[str]], tmp_path: Path
) -> None:
    text = (ROOT / "cpp/README.md").read_text(encoding="utf-8")
    (code,) = re.findall(rf"<!-- program -->\n```{language}\n(.*?)```", text, flags=re.DOTALL)
    source, made = tmp_path / f"main.{language}", tmp_path / "main"
    source.write_text(code, encoding="utf-8")
    compiler = [tools / "cc", "-std=c99"] if language == "c" else [tools / "c++", "-std=c++17"]
    strict = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-c", source, "-o", tmp_path / "main.o"]
    output_of([*compiler, *flags["--cflags"], *strict])
    output_of([tools / "c++", tmp_path / "main.o", *flags["--libs"], "-o", made])
    model = KAN([2, 2, 1], seed=1, dtype="float32")
    model.save(tmp_path / "model.safetensors")
    done = subprocess.run([made], cwd=tmp_path, capture_output=True, text=True, check=True)
    expected = float(model(np.array([[0.5, 0.5]], dtype=np.float32))[0, 0])
    assert float(done.stdout) == pytest.approx(expected, rel=1e-5)  # it prints six digits


def test_who_links_the_library_gets_the_language_standard_and_no_option(tools: Path) -> None:
    places = {
        "CMAKE_DIR": folder("cmakedir"),
        "PKGCONFIG_DIR": folder("pkgconfigdir"),
        "BUILD": ROOT / "build",
        "SOURCE": ROOT,
    }
    script = ROOT / "cpp/tests/package/exported_options.cmake"
    output_of([tools / "cmake", *(f"-D{name}={p}" for name, p in places.items()), "-P", script])


def test_scikit_build_core_is_told_where_the_package_is() -> None:
    (entry,) = metadata.entry_points(group="cmake.root", name="kan")
    found = resources.files(entry.load()).joinpath("lib/cmake/kan/kanConfig.cmake")
    assert found.is_file()
