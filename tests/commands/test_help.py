"""Help and versions."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer.testing
from typer.main import get_command

import pianotrans
from pianotrans.commands.app import app

from .driving import ENVIRONMENT, REPOSITORY, run


def test_version():
    assert run("--version").stdout == f"pianotrans {pianotrans.__version__}\n"


@pytest.mark.parametrize("flag", ["--help", "-h"])
@pytest.mark.parametrize(
    "command",
    [
        *(
            (),
            ("transcribe",),
            ("score",),
            ("apply",),
            ("view",),
            ("models",),
            ("models", "pull"),
            ("models", "export"),
        ),
        *(("evaluate",), ("evaluate", "midi"), ("evaluate", "dataset"), ("evaluate", "compare")),
        *(("prepare",), ("synthesize",), ("train",), ("serve",)),
    ],
    ids=" ".join,
)
def test_every_command_has_help(command: tuple[str, ...], flag: str):
    result = run(*command, flag)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Usage: " in result.stdout


def test_help_names_what_there_is(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "200")
    text = run("transcribe", "--help").stdout
    for option in (
        "--output",
        "--format",
        "--overwrite",
        "--pedal",
        "--no-pedal",
        "--durations",
        "--model",
        "--for",
    ):
        assert option in text
    for option in ("--device", "--allow-damaged", "--quiet", "--verbose"):
        assert option in text
    assert "exit code" in text.lower()
    text = run("evaluate", "dataset", "--help").stdout
    for option in ("--layout", "--split", "--filter", "--limit", "--seconds", "--output", "maestro|maps"):
        assert option in text
    text = run("evaluate", "midi", "--help").stdout
    assert "--align" in text
    assert "--model" not in text
    text = run("models", "--help").stdout
    assert all(name in text for name in ("list", "pull", "path", "verify"))


@pytest.mark.parametrize("arguments", [("nonsense",), ("models", "nonsense"), ("--nonsense",)], ids=" ".join)
def test_what_does_not_exist_is_wrong_usage(arguments: tuple[str, ...]):
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "nonsense" in result.stderr


def commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with its name, groups included."""

    def walk(command: Any, name: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
        yield name, command
        for part, inner in getattr(command, "commands", {}).items():
            yield from walk(inner, (*name, part))

    return walk(get_command(app), ())


def words(text: str) -> str:
    """A text without frames, columns and line breaks."""
    return " ".join(text.replace("│", " ").split())


@pytest.mark.parametrize(
    ("name", "command"), list(commands()), ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_help_shows_every_character_that_was_written(name: tuple[str, ...], command: Any, monkeypatch):
    """Brackets and colons are no markup: an extra's name stands in them, a format of time."""
    monkeypatch.setenv("COLUMNS", "1000")
    shown = words(run(*name, "--help").stdout)
    texts = [command.help, *(getattr(one, "help", None) for one in command.params)]
    for text in filter(None, texts):
        for paragraph in text.split("\n\n"):
            assert words(paragraph) in shown


def test_shells_are_told_how_to_complete():
    result = typer.testing.CliRunner().invoke(
        app,
        [],
        prog_name="pianotrans",
        env={"_PIANOTRANS_COMPLETE": "complete_bash", "COMP_WORDS": "pianotrans tr", "COMP_CWORD": "1"},
    )
    assert result.stdout.split() == ["transcribe", "train"]
    assert "--show-completion" in run("--help").stdout


@pytest.mark.parametrize("start", [["-m", "pianotrans"], [str(REPOSITORY / "cli.py")]])
def test_ways_to_start_the_program(start: list[str]):
    result = subprocess.run(
        [sys.executable, *start, "--version"],
        capture_output=True,
        check=False,
        env=ENVIRONMENT | {"PYTHONPATH": str(REPOSITORY)},
        timeout=60,
    )
    assert result.stdout.decode() == f"pianotrans {pianotrans.__version__}\n"
