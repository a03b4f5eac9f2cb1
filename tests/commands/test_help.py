"""Help and versions."""

import pytest

import pianotrans

from .driving import run


def test_version():
    assert run("--version").stdout == f"pianotrans {pianotrans.__version__}\n"


@pytest.mark.parametrize("flag", ["--help", "-h"])
@pytest.mark.parametrize(
    "command",
    [
        *((), ("transcribe",), ("view",), ("models",), ("models", "pull"), ("models", "export")),
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
    for option in ("--output", "--format", "--overwrite", "--pedal", "--no-pedal", "--durations", "--model"):
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
