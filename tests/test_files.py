"""A model file is taken whole, to the same bits, or refused with a reason."""

from __future__ import annotations

import copy
import errno
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import kan
from hostile_files import HostileFile, Parts, checksum, file_of, hostile_files, signed
from kan import KAN, _core

posix_only = pytest.mark.skipif(os.name != "posix", reason="needs POSIX processes and permissions")


def model_of(kind: str, dtype: str) -> KAN:
    """A model with a number of its own everywhere, of one of the KINDS."""
    if kind == "plain":
        model = KAN([2, 3, 1], grid=3, k=3, seed=4, dtype=dtype)
    else:
        model = KAN(
            [2, [2, 2], 1],
            grid=[3, 5],
            k=[2, 4],
            mult_arity=[[], [2, 3], []],
            base_fun="identity",
            extrapolation="clamp",
            affine_trainable=True,
            sb_trainable=False,
            seed=4,
            dtype=dtype,
        )
    if kind == "masked":
        network = model._network
        mask = np.array(network.edge_mask(0))
        mask[1, ::2] = 0
        network.set_edge_mask(0, mask)
    rng = np.random.default_rng(5)
    model.set_parameters(rng.normal(size=model.get_parameters().size).astype(dtype))
    return model


KINDS = ("plain", "affine", "masked")


def bits(model: KAN) -> list[object]:
    """Everything that a model is made of, comparable to the last bit."""
    network = model._network
    layers = [(one.inputs, one.sums, list(one.arities), one.intervals, one.degree)
              for one in network.layers]  # fmt: skip
    arrays = [network.parameters(), network.trainable()]
    for index in range(model.depth):
        arrays += [network.knots(index), network.edge_mask(index)]
    shown = [(array.dtype, array.shape, np.array(array).tobytes()) for array in arrays]
    settings = (network.base, network.extrapolation, network.affine_enabled, model.dtype)
    return [layers, shown, settings, model.seed, model.grid_eps]


@pytest.fixture(scope="module")
def good() -> bytes:
    model = model_of("plain", "float64")
    return bytes(_core.dumps(model._network, model._notes()))


def load_bytes(directory: Path, data: bytes) -> KAN:
    path = directory / "hostile.safetensors"
    path.write_bytes(data)
    return KAN.load(path)


# ---- the same bits ------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_model_is_reloaded_to_the_same_bits(tmp_path: Path, kind: str, dtype: str) -> None:
    model = model_of(kind, dtype)
    path = tmp_path / "m.safetensors"
    model.save(path)
    again = KAN.load(str(path))
    assert bits(again) == bits(model)
    x = np.random.default_rng(0).uniform(-1.5, 1.5, (50, 2)).astype(dtype)
    assert again(x).tobytes() == model(x).tobytes()
    assert [entry.name for entry in tmp_path.iterdir()] == ["m.safetensors"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
def test_pickles_and_copies_have_the_same_bits(kind: str, dtype: str) -> None:
    model = model_of(kind, dtype)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert bits(pickle.loads(pickle.dumps(model, protocol))) == bits(model)
    other = copy.deepcopy(model)
    assert bits(other) == bits(model)
    other.set_parameters(np.zeros(other.get_parameters().size, dtype))
    assert bits(other) != bits(model)


def test_saving_twice_gives_the_same_file(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    model_of("masked", "float64").save(first)
    KAN.load(first).save(second)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_zlib_reproduces_the_checksum(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "m.safetensors"
    model_of(kind, "float32").save(path)
    data = path.read_bytes()
    assert b'"kan.crc32":"' + checksum(data) + b'"' in data


# ---- the other reader of safetensors files ------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
def test_safetensors_reads_what_is_saved(tmp_path: Path, kind: str, dtype: str) -> None:
    safetensors = pytest.importorskip("safetensors")
    path = tmp_path / "m.safetensors"
    model = model_of(kind, dtype)
    model.save(path)
    with safetensors.safe_open(path, "numpy") as file:
        assert file.metadata()["format"] == "kan"
        for index in range(model.depth):
            knots = file.get_tensor(f"layers.{index}.knots")
            mask = file.get_tensor(f"layers.{index}.edge_mask")
            assert knots.dtype == dtype
            np.testing.assert_array_equal(knots, model._network.knots(index))
            np.testing.assert_array_equal(mask, model._network.edge_mask(index))


def test_a_file_that_safetensors_wrote_again_is_refused_with_the_reason(tmp_path: Path) -> None:
    numpy_files = pytest.importorskip("safetensors.numpy")
    safetensors = pytest.importorskip("safetensors")
    path = tmp_path / "m.safetensors"
    model_of("plain", "float64").save(path)
    with safetensors.safe_open(path, "numpy") as file:
        metadata = file.metadata()
    tensors = numpy_files.load_file(path)
    numpy_files.save_file(tensors, path, {**metadata, "kan.crc32": "00000000"})
    with pytest.raises(kan.FormatError, match="another program changed it"):
        KAN.load(path)
    del metadata["kan.crc32"]
    numpy_files.save_file(tensors, path, metadata)
    with pytest.raises(kan.FormatError, match=r"no checksum .* another program wrote this file"):
        KAN.load(path)
    numpy_files.save_file(tensors, path)
    with pytest.raises(kan.FormatError, match="not a kan model"):
        KAN.load(path)


# ---- hostile files ------------------------------------------------------------------------------


def refusal(directory: Path, data: bytes) -> str:
    """What KAN.load says of a file, nothing if it takes it."""
    try:
        load_bytes(directory, data)
    except kan.FormatError as error:
        return str(error)
    return ""


def test_hostile_files_are_refused_with_the_reason(tmp_path: Path, good: bytes) -> None:
    files = list(hostile_files(good))
    said = {file.name: refusal(tmp_path, file.data) for file in files}
    assert len(said) == len(files) > 80
    assert {file.name: said[file.name] for file in files if not matches(file, said)} == {}
    assert max(map(len, said.values())) < 1000


def matches(file: HostileFile, said: dict[str, str]) -> bool:
    return re.search(file.reason, said[file.name]) is not None


def test_a_format_error_is_a_value_error() -> None:
    assert issubclass(kan.FormatError, ValueError)


def test_the_file_that_the_hostile_ones_are_made_from_is_good(tmp_path: Path, good: bytes) -> None:
    assert refusal(tmp_path, good) == ""
    assert refusal(tmp_path, signed(Parts.of(good).file())) == ""


def test_messages_name_the_file(tmp_path: Path) -> None:
    with pytest.raises(kan.FormatError, match=r"hostile\.safetensors"):
        load_bytes(tmp_path, b"")


def test_every_truncation_is_refused(tmp_path: Path, good: bytes) -> None:
    header_end = 8 + int.from_bytes(good[:8], "little")
    for length in range(header_end + 1):
        with pytest.raises(kan.FormatError):
            load_bytes(tmp_path, good[:length])
    for length in range(header_end + 1, len(good)):
        with pytest.raises(kan.FormatError):
            _core.loads(good[:length])


def test_every_flipped_bit_is_found(good: bytes) -> None:
    for place in range(len(good)):
        damaged = bytearray(good)
        for bit in range(8):
            damaged[place] = good[place] ^ 1 << bit
            with pytest.raises(kan.FormatError):
                _core.loads(bytes(damaged))


def test_a_damaged_pickle_is_refused() -> None:
    model = model_of("plain", "float64")
    state = model.__getstate__()
    state["model"] = state["model"][:-1]
    with pytest.raises(kan.FormatError):
        KAN.__new__(KAN).__setstate__(state)


MEMORY = """
import sys
import kan
def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
kan.KAN.load(sys.argv[1])
before = peak()
for path in sys.argv[2:]:
    try:
        kan.KAN.load(path)
    except kan.FormatError:
        print(peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_a_hostile_file_costs_no_more_than_twice_its_size(tmp_path: Path, good: bytes) -> None:
    size = 4_000_000
    (tmp_path / "good").write_bytes(good)
    tensor = '"{}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'
    headers = {
        "metadata": '{"__metadata__":{' + ",".join(f'"{n}":""' for n in range(size // 11)) + "}}",
        "tensors": "{" + ",".join(tensor.format(n) for n in range(size // 56)) + "}",
        "shape": '{"x":{"dtype":"U8","shape":[' + "1," * (size // 2) + "1]}}",
        "brackets": '{"x":' + "[" * size,
        "name": '{"' + "x" * size + '":[]}',
    }
    for name, header in headers.items():
        (tmp_path / name).write_bytes(file_of(header))
    command = [sys.executable, "-c", MEMORY, *(str(tmp_path / n) for n in ("good", *headers))]
    output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    growth = [1024 * int(line) for line in output.split()]
    largest = max((tmp_path / name).stat().st_size for name in headers)
    assert len(growth) == len(headers)
    # And 2 MiB for what the interpreter and the allocator keep.
    assert max(growth) <= 2 * largest + (1 + 2) * 2**20


# ---- all or nothing -----------------------------------------------------------------------------

# Forks by itself, not in the process of the tests, which has threads. Every child says when its
# first save is done and goes on saving other numbers than all the others. It is killed soon after
# its temporary file appears; if that file stays behind, it was killed while it was saving.
KILL_WHILE_SAVING = """
import glob, os, random, signal, sys, time
import numpy as np
import kan
folder = sys.argv[1]
path = os.path.join(folder, "m.safetensors")
model = kan.KAN([20, 60, 60, 5], grid=10)
count = model.get_parameters().size
model.set_parameters(np.zeros(count))
model.save(path)
wait = random.Random(3)
versions, during = set(), 0
for round in range(50):
    ready, done = os.pipe()
    child = os.fork()
    if child == 0:
        number = 1_000_000 * round
        while True:
            number += 1
            model.set_parameters(np.full(count, float(number)))
            model.save(path)
            if done is not None:
                os.write(done, b"!")
                done = None
    assert os.read(ready, 1) == b"!"
    os.close(ready), os.close(done)
    while not any(name.startswith(f".kan-{child}-") for name in os.listdir(folder)):
        pass
    time.sleep(wait.uniform(0, 0.0005))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    left = glob.glob(os.path.join(folder, f".kan-{child}-*"))
    during += bool(left)
    for name in left:
        os.remove(name)
    parameters = kan.KAN.load(path).get_parameters()
    assert (parameters == parameters[0]).all()
    versions.add(parameters[0])
    assert os.listdir(folder) == ["m.safetensors"]
print(during, len(versions))
"""


@posix_only
def test_a_process_killed_while_saving_leaves_a_whole_file(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILL_WHILE_SAVING, str(tmp_path)]
    output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    during, versions = map(int, output.split())
    assert during >= 25
    assert versions == 50


SAVE_TO_A_FULL_DISK = """
import resource, sys
import kan
model = kan.KAN([20, 40, 5], grid=10)
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
try:
    model.save(sys.argv[1])
except OSError as error:
    print(error.errno, sys.argv[1] in str(error))
"""


@posix_only
def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path, good: bytes) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(good)
    command = [sys.executable, "-c", SAVE_TO_A_FULL_DISK, str(path)]
    output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    assert output.split() == [str(errno.EFBIG), "True"]
    assert path.read_bytes() == good
    assert list(tmp_path.iterdir()) == [path]


def test_paths_that_cannot_be_are_os_errors(tmp_path: Path) -> None:
    model = model_of("plain", "float64")
    with pytest.raises(FileNotFoundError, match=r"none"):
        KAN.load(tmp_path / "none")
    with pytest.raises(IsADirectoryError, match="directory"):
        KAN.load(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"none"):
        model.save(tmp_path / "none" / "m.safetensors")
    with pytest.raises(IsADirectoryError, match="directory"):
        model.save(tmp_path)
    assert list(tmp_path.iterdir()) == []


@posix_only
def test_permissions_and_links_stay(tmp_path: Path) -> None:
    model = model_of("plain", "float64")
    path = tmp_path / "m.safetensors"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to(path.name)
    model.save(link)
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert bits(KAN.load(path)) == bits(model)


@posix_only
def test_a_pipe_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(kan.FormatError, match="not a regular file"):
        KAN.load(path)
