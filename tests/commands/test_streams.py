"""Output anywhere: any encoding, any width, a full disk, a closed pipe, no stream at all, any name."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import IO, Any

import pytest

from pianotrans.commands.console import Reporter
from pianotrans.errors import AudioError
from pianotrans.names import shown

from .driving import ENVIRONMENT, REPOSITORY, clip, command_line, names, only_error, run
from .one_by_one import MARK

POSIX = pytest.mark.skipif(os.name != "posix", reason="another matter there")
HAS_FULL_DISK = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")


def started(*arguments: object, environment: Mapping[str, str] | None = None, **options: Any) -> Any:
    """The program with streams of its own choice, to its end."""
    streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.run(
        command_line(*arguments), env={**ENVIRONMENT, **(environment or {})}, check=False, timeout=300, **streams
    )


@pytest.fixture
def scored(samples_folder: Path) -> tuple[str, Path, Path]:
    midi = samples_folder / "bach_prelude.mid"
    return "midi", midi, midi


def one_by_one(commands: Sequence[tuple[Mapping[str, str], Sequence[object]]]) -> list[str]:
    """The command line of a process that runs commands in environments of their own."""
    several = [(environment, [str(one) for one in arguments]) for environment, arguments in commands]
    return [sys.executable, "-m", "tests.commands.one_by_one", json.dumps(several)]


def told(printed: bytes) -> list[tuple[bytes, int]]:
    """What each of several commands printed, and its exit code."""
    parts = printed.split(MARK.encode())
    return [(text, int(code)) for text, code in zip(parts[:-1:2], parts[1::2], strict=True)]


ENCODINGS = ("cp932", "cp949", "latin-1", "ascii")


def test_text_fits_any_encoding(scored: tuple[object, ...]):
    tries = [
        (one, arguments) for one in ENCODINGS for arguments in (("transcribe", "--help"), ("evaluate", *scored))
    ]
    commands = [({"PYTHONIOENCODING": encoding}, arguments) for encoding, arguments in tries]
    result = subprocess.run(one_by_one(commands), capture_output=True, env=ENVIRONMENT, cwd=REPOSITORY, check=True)
    assert result.stderr == b""
    for (encoding, arguments), (printed, status) in zip(tries, told(result.stdout), strict=True):
        assert status == 0, (encoding, arguments)
        text = printed.decode(encoding)
        assert "onset" in text
        assert "?" not in text, (encoding, arguments)


def test_what_an_encoding_lacks_looks_alike(monkeypatch: pytest.MonkeyPatch):
    """In a process of its own, because the streams of a process are prepared for good."""
    code = (
        "from pianotrans.commands.streams import prepare_streams, print_line\n"
        "prepare_streams()\n"
        "print_line('2\\u00d7 \\u2026 \\u2013 \\u250c\\u2500\\u2502 caf\\u00e9 \\udce9 \\u65e5')"
    )
    environment = {**ENVIRONMENT, "PYTHONIOENCODING": "ascii"}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, check=True)
    assert result.stdout.decode("ascii").split() == ["2x", "...", "-", "+-|", "cafe", r"\xe9", "?"]


@POSIX
@pytest.mark.parametrize(("widths", "on_terminal"), [((0, 1, 10, 5000), True), ((0, 10**12), False)])
def test_text_fits_any_width(scored: tuple[object, ...], widths: tuple[int, ...], on_terminal: bool):
    tries = list(product(widths, (("--help",), ("evaluate", *scored))))
    commands = one_by_one([({"COLUMNS": str(width), "TERM": "xterm"}, arguments) for width, arguments in tries])
    for (width, arguments), (printed, status) in zip(
        tries, told(on_a_terminal(commands) if on_terminal else through_a_pipe(commands)), strict=True
    ):
        text = printed.decode()
        assert status == 0, (width, arguments)
        assert "Traceback" not in text
        words = ("version", "transcribe", "serve") if arguments == ("--help",) else ("onset",)
        assert all(word in text for word in words), (width, arguments)


def through_a_pipe(command: list[str]) -> bytes:
    streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.run(command, check=True, env=ENVIRONMENT, cwd=REPOSITORY, **streams).stdout


def on_a_terminal(command: list[str]) -> bytes:
    """What a terminal shows of a process that succeeds."""
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, stdout=theirs, stderr=theirs, stdin=theirs, env=ENVIRONMENT, cwd=REPOSITORY)
    os.close(theirs)
    parts = []
    try:
        while part := os.read(ours, 65536):
            parts.append(part)
    except OSError:  # how a terminal of Linux ends
        pass
    os.close(ours)
    assert process.wait(timeout=300) == 0
    return b"".join(parts)


# Streams that cannot be written


@HAS_FULL_DISK
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_full_disk_is_one_line(scored: tuple[object, ...], options: tuple[str, ...], tmp_path: Path):
    with Path("/dev/full").open("wb") as full:
        result = started("evaluate", *scored, *options, "-o", tmp_path / "out", stdout=full)
    assert result.returncode == 1
    assert "standard output: " in only_error(result)
    assert "No space left on device" in only_error(result)
    assert "summary.json" in names(tmp_path / "out")  # what goes elsewhere is complete


@HAS_FULL_DISK
@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_a_full_disk_is_told_where_nothing_else_is_done(flag: str):
    with Path("/dev/full").open("wb") as full:
        result = started(flag, stdout=full)
    assert result.returncode == 1
    assert result.stderr.decode().splitlines() == [only_error(result)]


@POSIX
def test_a_closed_pipe_ends_quietly(scored: tuple[object, ...]):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        result = started("evaluate", *scored, stdout=pipe)
    assert (result.returncode, result.stderr) == (141, b"")  # 128 + SIGPIPE


def closed(*numbers: int) -> dict[str, Any]:
    """Options of `subprocess` that close descriptors in the program."""
    streams: dict[str, Any] = {"stdout": None, "stderr": None}
    return {**streams, "preexec_fn": lambda: [os.close(number) for number in numbers] and None}


@POSIX
@pytest.mark.slow
@pytest.mark.parametrize("numbers", [(1,), (2,), (1, 2), (0, 1, 2)])
def test_closed_streams_do_not_stop_the_work(tmp_path: Path, numbers: tuple[int, ...]):
    song = clip(tmp_path / "song.wav", 0.5)
    result = started("transcribe", "--model", "tiny", song, **closed(*numbers))
    assert result.returncode == 0
    assert names(tmp_path) == ["song.mid", "song.wav"]


@HAS_FULL_DISK
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["full", "closed pipe"])
def test_reporting_never_stops_the_work(tmp_path: Path, kind: str):
    song = clip(tmp_path / "song.wav", 0.5)
    with unwritable(kind) as stream:
        result = started("transcribe", "-v", "--model", "tiny", song, tmp_path / "none.wav", stderr=stream)
    assert result.returncode == 1  # that there is no second recording
    assert names(tmp_path) == ["song.mid", "song.wav"]


def unwritable(kind: str) -> IO[bytes]:
    if kind == "full":
        return Path("/dev/full").open("wb")
    reading, writing = os.pipe()
    os.close(reading)
    return os.fdopen(writing, "wb")


@POSIX
def test_closed_standard_output_is_told_where_it_is_needed():
    result = started("--version", **(closed(1) | {"stderr": subprocess.PIPE}))
    assert result.returncode == 1
    assert "standard output: " in only_error(result)


# Names

ODD_NAMES = [
    ":smile:.wav",
    "[bold]x[bold].wav",
    "\x1b[31mred\x1b]0;title\x07.wav",
    "a\nb.wav",
    "a  b.wav",
    "a\u202egnp.wav",
    os.fsdecode(b"caf\xe9.flac"),
]


@POSIX
@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_are_shown_as_they_are(name: str, tmp_path: Path):
    result = run("transcribe", "--model", "tiny", tmp_path / name)
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"{shown(name)}: " in only_error(result)
    assert not {"\x1b", "\x07", "\u202e"} & set(result.stderr)


@POSIX
@pytest.mark.parametrize("name", ODD_NAMES[:-1])
def test_names_of_recordings_that_are_done_are_shown_as_they_are(name: str, tmp_path: Path):
    clip(tmp_path / "song.wav", 0.5).rename(tmp_path / name)
    result = run("transcribe", "--model", "tiny", tmp_path / name)
    assert result.exit_code == 0
    assert f"{shown(name)}: started" in result.stderr.splitlines()
    (row,) = (line for line in result.stderr.splitlines() if line.startswith(shown(name)) and "x  " in line)
    assert row.split("  ")[-1].strip().endswith(shown(Path(name).with_suffix(".mid").name).split("  ")[-1])
    assert not {"\x1b", "\x07", "\u202e"} & set(result.stderr)


@POSIX
@pytest.mark.parametrize("name", ODD_NAMES[:-1])
def test_terminals_see_names_as_they_are(name: str, monkeypatch: pytest.MonkeyPatch):
    """Every way in which a reporter shows text, on a terminal."""
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "300")
    reporter = Reporter(verbose=True)
    reporter.say(name)
    reporter.warn(name)
    reporter.error(AudioError(name))
    with reporter.waiting(name):
        pass
    with reporter.working(name) as meter:
        meter.update(1.0, 2.0)
    text = screen.getvalue()
    assert text.count(shown(name)) >= 5
    assert not {"\x07", "\u202e"} & set(text)
    assert "\x1b[31mred" not in text
