"""What the quick commands do not load: nobody waits seconds for help or for a refusal."""

import json
import subprocess
import sys

import pytest

from .driving import ENVIRONMENT, REPOSITORY

HEAVY = (
    *("torch", "numba", "scipy", "librosa", "av", "pretty_midi", "mir_eval", "matplotlib", "ray", "upath"),
    *("fastapi", "uvicorn"),
)
QUICK = [  # the ones that load least stand first
    ["--version"],
    ["--help"],
    ["transcribe", "--help"],
    ["score", "--help"],
    ["evaluate", "midi", "--help"],
    ["evaluate", "dataset", "--help"],
    ["train", "--help"],
    ["prepare", "--help"],
    ["synthesize", "--help"],
    ["view", "--help"],
    ["serve", "--help"],
    ["live", "--help"],
    ["live", "--pace", "fast"],
    ["models", "path"],
    ["models", "list"],
    ["transcribe", "missing.wav", "--format", "midi"],
    ["transcribe", "missing.wav"],
    ["score", "missing.wav"],
    ["score", "missing.mid", "--bpm", "96", "--key", "c minor"],
    ["score", "missing.mid", "--half-tempo", "--bpm", "96"],
    ["evaluate", "compare", "x", "y"],
    ["evaluate", "midi", "missing.mid", "missing.mid"],
    ["evaluate", "dataset", "nowhere"],
    ["prepare", "missing.csv", "out"],
    ["serve", "--max-minutes", "0"],
]
PROGRAM = """
import json, sys
from pianotrans.commands import main

for arguments in json.loads(sys.argv[1]):
    sys.argv = ["pianotrans", *arguments]
    try:
        main()
    except SystemExit:
        pass
    print(json.dumps([arguments, sorted(sys.modules)]), file=sys.stderr)
"""


def standard_error(code: str, *arguments: str) -> list[str]:
    """The lines that a program prints on standard error."""
    process = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env=ENVIRONMENT,
        check=True,
        timeout=300,
    )
    return process.stderr.splitlines()


def loaded_by(code: str) -> set[str]:
    """The modules that a program has loaded when it is done and has printed them on standard error."""
    return set(standard_error(code)[-1].split())


def test_quick_commands_load_nothing_heavy():
    """One process runs them all, so what a command loads is still there after the next ones."""
    lines = [json.loads(line) for line in standard_error(PROGRAM, json.dumps(QUICK)) if line.startswith("[[")]
    assert [arguments for arguments, _ in lines] == QUICK
    for arguments, modules in lines:
        assert set(modules).isdisjoint(HEAVY), arguments
    assert {"pianotrans.commands.app", "pianotrans.datasets"} <= set(lines[-1][1])


def test_importing_the_package_loads_nothing_heavy():
    modules = loaded_by("import sys, pianotrans; pianotrans.load_midi; print(*sys.modules, file=sys.stderr)")
    assert "pianotrans.events" in modules
    assert modules.isdisjoint(HEAVY)


@pytest.mark.slow
def test_the_check_itself_sees_torch():
    assert "torch" in loaded_by(
        "import sys, pianotrans; pianotrans.Transcriber; print(*sys.modules, file=sys.stderr)"
    )
