"""A peer's process, seen from the tool: started, asked, ended."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from cases import Case
from protocol import encode

__all__ = ["PeerError", "Worker"]

HERE = Path(__file__).resolve().parent
THREADS = 2
OTHERS_SETTINGS = ("OMP_", "GOMP_", "KMP_", "MKL_", "OPENBLAS_", "PYTHON")


class PeerError(RuntimeError):
    """A peer's process ended or answered with an error."""


def environment(cache: Path, variables: dict[str, str]) -> dict[str, str]:
    """What a worker finds in its environment, whatever the user has in his own."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(OTHERS_SETTINGS)
    }
    threads = dict.fromkeys(
        ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(THREADS)
    )
    return {
        **kept,
        **threads,
        **variables,
        "PYTHONPATH": str(HERE),
        "PYTHONWARNINGS": "ignore",
        "TORCHINDUCTOR_CACHE_DIR": str(cache / "inductor"),
    }


class Worker:
    """One child process that answers requests, one at a time, and is stopped while nobody asks.

    Threads that spin while they wait would otherwise take the cores from whoever is asked next.
    """

    def __init__(
        self,
        script: str,
        python: Path,
        cache: Path,
        *,
        dtype: str = "float32",
        options: dict[str, Any] | None = None,
        variables: dict[str, str] | None = None,
    ) -> None:
        self.dtype, self.options = dtype, options or {}
        scratch = cache / "scratch"
        scratch.mkdir(parents=True, exist_ok=True)
        self.log = scratch / f"{script}.log"
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [python, HERE / "peers" / f"worker_{script}.py"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=scratch,
                env=environment(cache, variables or {}),
            )

    def ask(self, case: Case, what: str, repeats: int, blocks: int = 1) -> dict[str, Any]:
        """The answer to one request for times."""
        return self.exchange(
            encode(case, what, repeats, blocks, dtype=self.dtype, options=self.options)
        )

    def exchange(self, request: str) -> dict[str, Any]:
        """The answer to one line."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._let(psutil.Process.resume)
        try:
            self.process.stdin.write(request)
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # the empty answer says it
        line = self.process.stdout.readline()
        self._let(psutil.Process.suspend)
        if not line:
            raise PeerError(f"the process ended; its messages are in {self.log}")
        reply: dict[str, Any] = json.loads(line)
        if "error" in reply:
            raise PeerError(f"{reply['error']}; more in {self.log}")
        return reply

    def _let(self, act: Callable[[psutil.Process], None]) -> None:
        """Stop the process or let it go on, unless it has ended."""
        with contextlib.suppress(psutil.NoSuchProcess):
            act(psutil.Process(self.process.pid))

    def close(self) -> None:
        """End the process."""
        self._let(psutil.Process.resume)
        if self.process.stdin is not None and not self.process.stdin.closed:
            self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
