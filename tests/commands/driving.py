"""The real command, called in this process or in its own, and recordings for it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import typer.testing
from numpy.typing import NDArray

from pianotrans.commands.app import app
from tests.synthesis import random_performance, render

REPOSITORY = Path(__file__).resolve().parents[2]
RATE = 16_000
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name not in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "COLUMNS", "PY_COLORS")
} | {"OMP_NUM_THREADS": "1"}


# The tree of commands is built once, as in a process; building it takes as long as many a command.
typer.testing._get_command = cache(typer.main.get_command)


def run(*arguments: object) -> Any:
    """Call the command in this process; the result has exit_code, stdout, stdout_bytes and stderr."""
    return typer.testing.CliRunner().invoke(app, [str(argument) for argument in arguments])


def transcribe(*arguments: object) -> Any:
    """`pianotrans transcribe` with the tiny model; anything but a planned exit is an error of the test."""
    result = run("transcribe", "--model", "tiny", "--device", "cpu", "--precision", "float32", *arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def command_line(*arguments: object) -> list[str]:
    return [sys.executable, str(REPOSITORY / "cli.py"), *map(str, arguments)]


def run_process(*arguments: object, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """`python cli.py …`."""
    return subprocess.run(
        command_line(*arguments), capture_output=True, check=False, env=ENVIRONMENT, timeout=300, **options
    )


SEED = 34  # of 2 s: three notes, one of them lengthened by the sustain pedal, and the tiny model hears some of it


def clip(path: Path, duration_s: float = 2.0) -> Path:
    """A recording of synthetic tones, in the format that its suffix names."""
    return write(path, render(random_performance(SEED, duration_s), RATE, SEED))


def write(path: Path, samples: NDArray[Any], rate: int = RATE, subtype: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, subtype)
    return path


def names(folder: Path) -> list[str]:
    """Every file below a folder, hidden ones included, by its path in it."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def errors(result: Any) -> list[str]:
    """The lines of standard error that tell of an error, after making sure that there is no traceback."""
    stderr = result.stderr if isinstance(result.stderr, str) else result.stderr.decode()
    assert "Traceback" not in stderr
    return [line for line in stderr.splitlines() if line.startswith("error: ")]


def only_error(result: Any) -> str:
    (line,) = errors(result)
    return line


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may do everything; for a while it is somebody else."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def noise(duration_s: float, rate: int = RATE) -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(0, 0.1, round(duration_s * rate)).astype(np.float32)
