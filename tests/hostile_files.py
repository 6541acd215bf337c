"""Files that a careless reader of models would believe, made from one good model file."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

LEAD = b'"kan.crc32":"'


class HostileFile(NamedTuple):
    """A name for the test, the bytes, and what the refusal must say (a regular expression)."""

    name: str
    data: bytes
    reason: str


def checksum(data: bytes) -> bytes:
    """Return the eight digits that belong into a model file: zlib's CRC-32 with zeros there."""
    place = data.index(LEAD) + len(LEAD)
    return b"%08x" % zlib.crc32(data[:place] + b"00000000" + data[place + 8 :])


def signed(data: bytes) -> bytes:
    """Return the file with the right checksum."""
    place = data.index(LEAD) + len(LEAD)
    return data[:place] + checksum(data) + data[place + 8 :]


def file_of(header: str | bytes, data: bytes = b"") -> bytes:
    """Return a file with a header of the promised length."""
    text = header.encode() if isinstance(header, str) else header
    return struct.pack("<Q", len(text)) + text + data


@dataclass
class Parts:
    """A model file taken apart; header entries are those of the JSON text."""

    metadata: dict[str, Any]
    tensors: dict[str, dict[str, Any]]
    data: bytearray = field(repr=False)

    @classmethod
    def of(cls, file: bytes) -> Parts:
        (length,) = struct.unpack("<Q", file[:8])
        header = json.loads(file[8 : 8 + length])
        return cls(header.pop("__metadata__"), header, bytearray(file[8 + length :]))

    def file(self) -> bytes:
        header = {"__metadata__": self.metadata, **self.tensors}
        return file_of(json.dumps(header, separators=(",", ":")), bytes(self.data))

    def change_architecture(self, change: Callable[[dict[str, Any]], object]) -> None:
        architecture = json.loads(self.metadata["kan.architecture"])
        change(architecture)
        self.metadata["kan.architecture"] = json.dumps(architecture)

    def put(self, name: str, index: int, kind: str, value: float) -> None:
        """Overwrite one number of a tensor; `kind` is its letter for `struct`."""
        begin = self.tensors[name]["data_offsets"][0]
        struct.pack_into("<" + kind, self.data, begin + index * struct.calcsize(kind), value)


Change = Callable[[Parts], object]


def put(name: str, index: int, kind: str, value: float) -> Change:
    return lambda parts: parts.put(name, index, kind, value)


def entry(tensor: str, key: str, value: object) -> Change:
    return lambda parts: parts.tensors[tensor].__setitem__(key, value)


def note(key: str, value: object) -> Change:
    return lambda parts: parts.metadata.__setitem__(key, value)


def architecture(**values: object) -> Change:
    return lambda parts: parts.change_architecture(lambda whole: whole.update(values))


def layer(**values: object) -> Change:
    return lambda parts: parts.change_architecture(lambda whole: whole["layers"][0].update(values))


def hole(parts: Parts) -> None:
    """Eight bytes that belong to nobody, before the tensor stored last."""
    last = max(parts.tensors.values(), key=lambda tensor: tensor["data_offsets"])
    begin = last["data_offsets"][0]
    parts.data[begin:begin] = bytes(8)
    last["data_offsets"] = [offset + 8 for offset in last["data_offsets"]]


def overlap(parts: Parts) -> None:
    """Two tensors of one size share their bytes."""
    offsets = parts.tensors["layers.0.base_weight"]["data_offsets"]
    parts.tensors["layers.0.other"] = dict(parts.tensors["layers.0.base_weight"])
    parts.tensors["layers.0.other"]["data_offsets"] = list(offsets)


# All of these get the right checksum. The model is KAN([2, 3, 1], grid=3, k=3, float64).
LIES: dict[str, tuple[Change, str]] = {
    "hole": (hole, "a hole lies before"),
    "overlap": (overlap, "overlaps another tensor"),
    "leftover": (lambda parts: parts.data.append(0), "1 bytes follow the last tensor"),
    "beyond the end": (lambda parts: parts.data.pop(), "the file holds"),
    "shape that overflows": (
        entry("layers.0.knots", "shape", [2**62 + 2, 1, 1]),
        "size of the shape overflows",
    ),
    "shape of one number too many": (
        entry("layers.0.knots", "shape", [2, 11]),
        "need 176 bytes, data_offsets hold 160",
    ),
    "negative shape": (entry("layers.0.knots", "shape", [-2, -10]), "not negative"),
    "float in a shape": (entry("layers.0.knots", "shape", [2.0, 10]), "got a fraction"),
    "huge number in a shape": (entry("layers.0.knots", "shape", [10**30]), "more than 64 bits"),
    "text in a shape": (entry("layers.0.knots", "shape", ["2", 10]), "got a string"),
    "rank 9": (entry("layers.0.knots", "shape", [2, 10] + [1] * 7), "at most 8 numbers"),
    "offsets that decrease": (entry("layers.0.knots", "data_offsets", [160, 0]), "not decrease"),
    "three offsets": (entry("layers.0.knots", "data_offsets", [0, 1, 2]), "at most 2 numbers"),
    "unknown dtype": (entry("layers.0.knots", "dtype", "F16"), "dtype must be U8"),
    "integers for knots": (entry("layers.0.knots", "dtype", "I64"), "must be F32 or F64"),
    "integers for coefficients": (entry("layers.0.coef", "dtype", "I64"), "asks for F64"),
    "extra field": (entry("layers.0.knots", "strides", [1]), 'unknown field "strides"'),
    "tensor renamed": (
        lambda parts: parts.tensors.update(other=parts.tensors.pop("layers.1.knots")),
        '"layers.1.knots": is missing',
    ),
    "tensor added": (
        lambda parts: parts.tensors.update(
            other={"dtype": "F64", "shape": [0], "data_offsets": [0, 0]}
        ),
        '"other": does not belong',
    ),
    "shape of another rank": (entry("layers.0.knots", "shape", [20]), r"asks for F64 \[2, 10\]"),
    "decreasing knots": (put("layers.0.knots", 5, "d", -9.0), "must not decrease"),
    "infinite knot": (put("layers.0.knots", 9, "d", float("inf")), "number 9 is not finite"),
    "NaN coefficient": (put("layers.0.coef", 7, "d", float("nan")), "number 7 is not finite"),
    "mask of 2": (put("layers.0.edge_mask", 4, "B", 2), "must be 0 or 1, got 2"),
    "masked weights": (put("layers.0.edge_mask", 0, "B", 0), "must be 0, its edge is masked"),
    "not a model": (note("format", "pt"), "not a kan model"),
    "newer version": (note("kan.version", "3"), "newer version of kan"),
    "version without a number": (note("kan.version", "one"), "must be a number"),
    "unknown metadata": (note("kan.secret", "x"), 'unknown entry "kan.secret"'),
    "number in the metadata": (note("kan.version", 1), "expected a string, got a number"),
    "settings that are no JSON": (note("kan.user.settings", "{"), "settings"),
    "settings that are a list": (note("kan.user.settings", "[]"), "settings"),
    "settings with a negative seed": (note("kan.user.settings", '{"seed": -1}'), "settings"),
    "settings nested without end": (note("kan.user.settings", "[" * 100_000), "settings"),
    "architecture that is no JSON": (note("kan.architecture", "x"), "expected an object"),
    "architecture nested without end": (
        note("kan.architecture", '{"layers":' + "[" * 100_000),
        "expected an object, got an array",
    ),
    "architecture too long": (note("kan.architecture", " " * 300_000), "at most 262144"),
    "no layers": (architecture(layers=[]), "at least one layer"),
    "unknown base": (architecture(base="relu"), 'got "relu"'),
    "unknown extrapolation": (architecture(extrapolation="none"), 'got "none"'),
    "unknown entry of the architecture": (architecture(code="import os"), 'unknown field "code"'),
    "affine without its tensors": (architecture(affine=True), "subnode_scale.*is missing"),
    "number for a boolean": (architecture(affine=1), "expected true or false"),
    "huge width": (layer(inputs=2**31 - 1), r"inputs must be in 1\.\.2\^24"),
    "width beyond an int": (layer(inputs=2**63), "too large"),
    "large width": (layer(inputs=2**24), r"asks for F64 \[16777216, 10\]"),
    "no inputs": (layer(inputs=0), r"inputs must be in 1\.\.2\^24, got 0"),
    "many sums": (layer(sums=2**24), "must equal the nodes of the layer before"),
    "arities that overflow": (layer(arities=[2**24] * 300), "subnodes must be in"),
    "huge grid": (layer(intervals=2**20), r"asks for F64 \[2, 1048583\]"),
    "no grid": (layer(intervals=0), "grid intervals"),
    "other grid": (layer(intervals=4), r"asks for F64 \[2, 11\], got F64 \[2, 10\]"),
    "degree 6": (layer(degree=6), r"must be in 0\.\.5"),
    "layers that do not fit": (layer(sums=2), "must equal the nodes of the layer before"),
}  # fmt: skip

TENSOR = '"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}'

# Headers that are refused before anybody looks for a model in them.
HEADERS: dict[str, tuple[str | bytes, str]] = {
    "empty header": ("", "must begin with '{'"),
    "array": ("[]", "must begin with '{'"),
    "leading blank": (" {}", "must begin with '{'"),
    "byte order mark": (b"\xef\xbb\xbf{}", "must begin with '{'"),
    "two objects": ("{}{}", "only spaces may follow"),
    "trailing NUL": ("{}\0", "only spaces may follow"),
    "trailing newline": ("{}\n", "only spaces may follow"),
    "trailing comma": ("{" + TENSOR + ",}", "expected a string"),
    "comment": ("{/*x*/}", "expected a string"),
    "name twice": ("{" + TENSOR + "," + TENSOR + "}", '"x" appears twice'),
    "name twice, escaped": (
        "{" + TENSOR + "," + TENSOR.replace("x", "\\u0078") + "}",
        '"x" appears twice',
    ),
    "metadata twice": ('{"__metadata__":{},"__metadata__":{}}', "appears twice"),
    "shape twice": ('{"x":{"shape":[0],"shape":[0]}}', '"shape" appears twice'),
    "NUL in a name": ('{"a\0b":1}', "control character"),
    "invalid UTF-8": (b'{"\xff":1}', "not valid UTF-8"),
    "overlong UTF-8": (b'{"\xc0\x80":1}', "not valid UTF-8"),
    "raw surrogate": (b'{"\xed\xa0\x80":1}', "not valid UTF-8"),
    "escaped surrogate": ('{"\\ud800":1}', "half a surrogate pair"),
    "brackets": ('{"x":' + "[" * 100_000, "expected an object, got an array"),
    "braces": ('{"x":' * 100_000, 'unknown field "x"'),
    "brackets in a shape": ('{"x":{"shape":' + "[" * 100_000, "expected an integer"),
    "text without an end": ('{"' + "x" * 1000, "a string without an end"),
    "metadata as a list": ('{"__metadata__":[]}', "expected an object, got an array"),
    "many entries": (
        '{"__metadata__":{' + ",".join(f'"{n}":""' for n in range(50_000)) + "}}",
        "more than 3000 tensors and entries of metadata",
    ),
    "no model": ("{}", "not a kan model"),
}


def length_lies(good: bytes) -> Iterator[HostileFile]:
    """Files whose first eight bytes promise another header."""
    for length in (2**64 - 1, 2**63, 100_000_001, len(good) - 7, 0):
        name = f"header length {length}"
        reason = "a header of|must begin with"
        yield HostileFile(name, struct.pack("<Q", length) + good[8:], reason)
    (true_length,) = struct.unpack("<Q", good[:8])
    for step in (-1, 1):
        data = struct.pack("<Q", true_length + step) + good[8:]
        # The padding hides the step from the header; the data does not fit any more.
        yield HostileFile(f"header length {step:+d}", signed(data), "follow|holds")


def hostile_files(good: bytes) -> Iterator[HostileFile]:
    """Yield files that must be refused, made from the bytes of a KAN([2, 3, 1])."""
    yield HostileFile("empty file", b"", "0 bytes")
    yield HostileFile("seven bytes", good[:7], "7 bytes")
    yield HostileFile("zeros", bytes(1000), "must begin with '{'")
    yield HostileFile("pickle", b"\x80\x04cos\nsystem\n(S'false'\ntR.", "not a safetensors file")
    yield from length_lies(good)
    for name, (header, reason) in HEADERS.items():
        yield HostileFile(name, file_of(header), reason)
    for name, (change, reason) in LIES.items():
        parts = Parts.of(good)
        change(parts)
        yield HostileFile(name, signed(parts.file()), reason)
    parts = Parts.of(good)
    yield HostileFile("wrong checksum", parts.file(), "checksum is wrong")
    del parts.metadata["kan.crc32"]
    yield HostileFile("no checksum", parts.file(), "no checksum")
