"""Recordings that come through a pipe, and whatever else is no file."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.testing

from pianotrans.commands.app import app
from pianotrans.commands.transcribe import piped, planning

from .driving import ENVIRONMENT, clip, command_line, names, noise, only_error, transcribe, write

POSIX = pytest.mark.skipif(os.name != "posix", reason="no such pipes there")


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return clip(tmp_path / "song.wav")


@pytest.fixture(autouse=True)
def copies(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of temporary files, which is empty afterwards."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def feed(content: bytes, *arguments: object) -> Any:
    """`pianotrans transcribe … < content`."""
    tiny = ["transcribe", "--model", "tiny", "--device", "cpu", "--precision", "float32"]
    result = typer.testing.CliRunner().invoke(app, [*tiny, *map(str, arguments)], input=content)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.mark.parametrize("given", ["-", "/dev/stdin"])
def test_standard_input(song: Path, tmp_path: Path, given: str):
    assert transcribe(song).exit_code == 0
    result = feed(song.read_bytes(), given, "-o", tmp_path / "other.mid")
    assert result.exit_code == 0
    assert (tmp_path / "other.mid").read_bytes() == song.with_suffix(".mid").read_bytes()
    assert "standard input: started" in result.stderr
    assert any(line.startswith("standard input ") for line in result.stderr.splitlines())  # the summary


@pytest.mark.parametrize("form", ["mid", "json", "csv", "html"])
def test_from_pipe_to_pipe(song: Path, form: str):
    result = feed(song.read_bytes(), "-", "-o", "-", "--format", form)
    assert result.exit_code == 0
    expected = transcribe(song, "-o", "-", "--format", form).stdout_bytes
    assert result.stdout_bytes == expected.replace(b"song.wav", b"standard input")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "standard input: is empty (0 bytes)."),
        (b"This is a text, and no recording. " * 50, "standard input: not an audio format"),
    ],
)
def test_no_recording_in_standard_input(tmp_path: Path, content: bytes, message: str):
    result = feed(content, "-", "-o", tmp_path / "a.mid")
    assert result.exit_code == 1
    assert only_error(result).startswith(f"error: {message}")
    assert names(tmp_path) == []


class NoInput:
    """Stands for `sys` where standard input is a terminal, or closed."""

    def __init__(self, stdin: object):
        self.stdin = stdin


class Terminal:
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stdin", "code", "message"),
    [(Terminal(), 2, "standard input is a terminal."), (None, 1, "standard input: is closed.")],
)
def test_no_pipe_at_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stdin: object, code: int, message: str
):
    monkeypatch.setattr(piped, "sys", NoInput(stdin))
    result = transcribe("-", "-o", tmp_path / "a.mid")
    assert result.exit_code == code
    assert only_error(result).startswith(f"error: {message}")


def test_closed_standard_output(song: Path, monkeypatch: pytest.MonkeyPatch):
    class Closed:
        stdout = None

    monkeypatch.setattr(planning, "sys", Closed)
    result = transcribe(song, "-o", "-")
    assert result.exit_code == 2
    assert "standard output is closed." in only_error(result)


@POSIX
def test_no_space_for_the_copy(song: Path, copies: Path):
    import resource

    content = song.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        result = feed(content, "-", "-o", song.with_suffix(".mid"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert result.exit_code == 1
    assert only_error(result).startswith(f"error: standard input: cannot be copied to {copies}")
    assert "TMPDIR" in only_error(result)


@POSIX
def test_a_named_pipe_is_read_like_standard_input(song: Path, tmp_path: Path):
    pipe = tmp_path / "pipe.wav"
    os.mkfifo(pipe)
    result = transcribe(pipe)
    assert result.exit_code == 2
    assert "--output: pipe.wav has no place of its own for results." in only_error(result)
    writer = threading.Thread(target=lambda: pipe.write_bytes(song.read_bytes()))
    writer.start()
    result = transcribe(pipe, "-o", tmp_path / "other.mid")
    writer.join()
    assert result.exit_code == 0
    assert transcribe(song).exit_code == 0
    assert (tmp_path / "other.mid").read_bytes() == song.with_suffix(".mid").read_bytes()


@pytest.mark.skipif(not Path("/dev/fd").is_dir(), reason="no such folder there")
def test_a_file_that_is_open_is_read_like_standard_input(song: Path, tmp_path: Path):
    with song.open("rb") as file:
        assert transcribe(f"/dev/fd/{file.fileno()}").exit_code == 2
        assert transcribe(f"/dev/fd/{file.fileno()}", "-o", tmp_path / "other.mid").exit_code == 0
    assert names(tmp_path) == ["other.mid", "song.wav"]


@POSIX
def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(piped, "_PATIENCE_S", 0.1)
    os.mkfifo(tmp_path / "pipe.wav")
    result = transcribe(tmp_path / "pipe.wav", "-o", tmp_path / "a.mid")
    assert result.exit_code == 1
    assert only_error(result).startswith("error: pipe.wav: a pipe that nobody has written to for 0.1 s.")
    clip(tmp_path / "song.wav", 0.5)
    assert transcribe(tmp_path, "-o", tmp_path / "out").exit_code == 0, "in a folder it is no recording"


@POSIX
def test_devices_and_sockets_are_no_recordings(tmp_path: Path):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket.wav"))
        for given in (tmp_path / "socket.wav", "/dev/zero"):
            result = transcribe(given, "-o", tmp_path / "a.mid")
            assert result.exit_code == 1
            assert "a pipe, a socket or a device." in only_error(result)


@pytest.mark.slow
@pytest.mark.xdist_group("kill")
@pytest.mark.skipif(sys.platform == "win32", reason="other signals there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_copy_goes_however_the_program_ends(tmp_path: Path, copies: Path, number: signal.Signals):
    long = write(tmp_path / "long.wav", noise(600.0))
    with long.open("rb") as file:
        process = subprocess.Popen(
            command_line("transcribe", "--model", "tiny", "-", "-o", tmp_path / "a.mid"),
            stdin=file,
            stderr=subprocess.PIPE,
            text=True,
            env={**ENVIRONMENT, "TMPDIR": str(copies)},
        )
    assert process.stderr is not None
    assert "standard input: started" in process.stderr.readline()
    time.sleep(0.5)
    assert names(copies) != []
    process.send_signal(number)
    stderr = process.communicate(timeout=300)[1]
    assert process.returncode == 128 + number
    assert "Traceback" not in stderr
    assert names(tmp_path) == ["long.wav"]
