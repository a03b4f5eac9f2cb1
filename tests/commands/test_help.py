"""Help, versions, and what the quick commands do not load."""

import subprocess
import sys

import pytest

import pianotrans

from .driving import ENVIRONMENT, REPOSITORY, run

HEAVY = (
    *("torch", "numba", "scipy", "librosa", "av", "pretty_midi", "mir_eval", "matplotlib", "ray", "upath"),
    *("fastapi", "uvicorn"),
)

_CALL = """
import sys
from pianotrans.commands import main
sys.argv = ["pianotrans", *sys.argv[1:]]
try:
    main()
except SystemExit:
    pass
print(*sys.modules, file=sys.stderr)
"""


def loaded_by(code: str, *arguments: str) -> set[str]:
    """The modules that a program has loaded when it is done and has printed them on standard error."""
    process = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env=ENVIRONMENT,
        check=True,
        timeout=120,
    )
    return set(process.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("--version",),
        ("transcribe", "--help"),
        ("evaluate", "dataset", "--help"),
        ("train", "--help"),
        ("prepare", "--help"),
        ("prepare", "missing.csv", "out"),
        ("synthesize", "--help"),
        ("view", "--help"),
        ("serve", "--help"),
        ("serve", "--max-minutes", "0"),
        ("models", "list"),
        ("models", "path"),
        ("transcribe", "missing.wav", "--format", "midi"),
        ("transcribe", "missing.wav"),
    ],
    ids=" ".join,
)
def test_quick_commands_load_nothing_heavy(arguments: tuple[str, ...]):
    modules = loaded_by(_CALL, *arguments)
    assert "pianotrans.commands.app" in modules
    assert modules.isdisjoint(HEAVY)


def test_importing_the_package_loads_nothing_heavy():
    modules = loaded_by("import sys, pianotrans; pianotrans.load_midi; print(*sys.modules, file=sys.stderr)")
    assert "pianotrans.events" in modules
    assert modules.isdisjoint(HEAVY)


@pytest.mark.slow
def test_the_check_itself_sees_torch():
    assert "torch" in loaded_by(
        "import sys, pianotrans; pianotrans.Transcriber; print(*sys.modules, file=sys.stderr)"
    )


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
    for option in ("--device", "--allow-truncated", "--quiet", "--verbose"):
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
