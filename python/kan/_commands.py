"""The commands of ``python -m kan``: what each takes, and what it does."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import __version__, _demo, show_config
from ._cpp_files import FOLDERS, cpp_folder
from ._info import info, self_test_rows
from ._model import KAN

__all__ = ["make_parser"]

C_DTYPES = ("float32", "float64", "q15")


class PrintFolder(argparse.Action):
    """An option that prints a folder of the C++ library, and is all there is to do."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        try:
            folder = cpp_folder(self.dest)
        except FileNotFoundError as error:
            parser.exit(1, f"{parser.prog} --{self.dest}: {error}\n")
        sys.stdout.write(f"{folder}\n")
        parser.exit()


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line; what it makes has the command to `run`."""
    parser = argparse.ArgumentParser(
        prog="python -m kan", description="Kolmogorov-Arnold networks: models and their files."
    )
    parser.add_argument("--version", action="version", version=f"kan {__version__}")
    for name, folder in FOLDERS.items():
        words = f"print the folder {folder} of the C++ library that is installed with the package"
        parser.add_argument(f"--{name}", action=PrintFolder, nargs=0, help=words)
    commands = parser.add_subparsers(dest="command", required=True)

    demo = _command(commands, "demo", _run_demo, "train on a known function, save, load and draw")
    demo.add_argument("--out", type=Path, default=Path("kan-demo"), help="folder for the files")
    _command(commands, "config", _run_config, "print versions, instruction set and threads")

    of_file = {
        "info": (_run_info, "say what a model file holds"),
        "verify": (_run_verify, "read a model file strictly and run its self-test, if it has one"),
        "export-c": (_run_export_c, "write a model as C99 source that needs nothing of kan"),
        "export-onnx": (_run_export_onnx, "write a model for ONNX runtimes (needs onnx)"),
    }
    made = {}
    for name, (run, words) in of_file.items():
        made[name] = _command(commands, name, run, words)
        made[name].add_argument("file", type=Path, help="what model.save wrote")
    made["export-onnx"].add_argument("out", type=Path, help="the file to write")
    _add_c_options(made["export-c"])
    return parser


def _command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], None], words: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=words, description=words)
    parser.set_defaults(run=run)
    return parser


def _add_c_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("out", type=Path, help="the file to write")
    parser.add_argument("--dtype", choices=C_DTYPES, default="float32", help="its numbers")
    parser.add_argument("--name", help="prefix of its names; by default after the file")
    parser.add_argument("--optimize", choices=("speed", "size"), default="speed")
    parser.add_argument(
        "--math",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="whether it may call the C library's functions of math.h",
    )


def _run_demo(chosen: argparse.Namespace) -> None:
    _demo.run(chosen.out)


def _run_config(_: argparse.Namespace) -> None:
    show_config()


def _run_info(chosen: argparse.Namespace) -> None:
    sys.stdout.write(info(chosen.file))


def _run_verify(chosen: argparse.Namespace) -> None:
    KAN.load(chosen.file)
    rows = self_test_rows(chosen.file)
    test = f"its self-test of {rows} rows passes" if rows else "it has no self-test"
    sys.stdout.write(f"{chosen.file}: read to the last bit; {test}\n")


def _refuse_to_replace(chosen: argparse.Namespace) -> None:
    if os.path.realpath(chosen.out) == os.path.realpath(chosen.file):
        raise ValueError(f"the file to write must not be the model, got {chosen.out}")


def _run_export_c(chosen: argparse.Namespace) -> None:
    _refuse_to_replace(chosen)
    report = KAN.load(chosen.file).export_c(
        chosen.out,
        dtype=chosen.dtype,
        name=chosen.name,
        optimize=chosen.optimize,
        math=chosen.math,
    )
    sys.stdout.write(f"{report}\n")


def _run_export_onnx(chosen: argparse.Namespace) -> None:
    _refuse_to_replace(chosen)
    KAN.load(chosen.file).export_onnx(chosen.out)
    sys.stdout.write(f"{chosen.out}: written\n")
