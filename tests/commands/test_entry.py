"""The program's start and its end, whatever happens between: one line, no traceback."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .driving import ENVIRONMENT, REPOSITORY, clip, command_line, errors, only_error

POSIX = pytest.mark.skipif(os.name != "posix", reason="another matter there")


def started_with(spoil: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """The program, after a statement that spoils what it is about to use."""
    code = f"import sys\nsys.argv[0] = 'pianotrans'\n{spoil}\nfrom pianotrans.commands import main\nmain()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        check=False,
        env=ENVIRONMENT | {"PYTHONPATH": str(REPOSITORY)},
        timeout=300,
    )


def failing_import(module: str, error: str) -> str:
    """A statement after which the import of a module raises an error."""
    return (
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {module!r}: raise {error}\n"
        "sys.meta_path.insert(0, Finder())"
    )


@pytest.mark.parametrize("module", ["typer", "rich", "pianotrans.commands.app", "pianotrans.batch"])
def test_an_interruption_of_the_imports_is_no_traceback(module: str):
    result = started_with(failing_import(module, "KeyboardInterrupt"), "--version")
    assert (result.returncode, result.stdout, result.stderr) == (130, b"", b"")


@pytest.mark.parametrize("module", ["pianotrans.commands.app", "mir_eval"])
def test_the_error_of_a_library_is_one_line(module: str, samples_folder: Path):
    midi = str(samples_folder / "bach_prelude.mid")
    spoil = failing_import(module, "OSError('libx.so: cannot be\\nloaded')")
    result = started_with(spoil, "evaluate", "midi", midi, midi)
    assert result.returncode == 1
    assert "unexpected OSError: libx.so: cannot be loaded" in only_error(result)
    assert "--verbose" in only_error(result)
    result = started_with(spoil, "evaluate", "midi", midi, midi, "--verbose")
    assert b"Traceback" in result.stderr


@POSIX
@pytest.mark.slow
def test_a_working_folder_that_is_gone_is_one_line(tmp_path: Path):
    song = clip(tmp_path / "song.wav", 0.5)
    gone = tmp_path / "gone"
    gone.mkdir()

    def enter_and_delete() -> None:
        os.chdir(gone)
        shutil.rmtree(gone)

    result = subprocess.run(
        command_line("transcribe", "--model", "tiny", song),
        capture_output=True,
        check=False,
        env=ENVIRONMENT,
        preexec_fn=enter_and_delete,
        timeout=300,
    )
    assert result.returncode == 1
    assert errors(result) == result.stderr.decode().splitlines()
    assert "working folder" in only_error(result)


def test_pictures_without_any_place_to_write_name_the_variable(samples_folder: Path, tmp_path: Path):
    midi, picture = samples_folder / "bach_prelude.mid", tmp_path / "x.png"
    spoil = failing_import("matplotlib", "OSError('requires access to a writable cache directory')")
    result = started_with(spoil, "view", str(midi), "-o", str(picture))
    assert result.returncode == 1
    assert "MPLCONFIGDIR" in only_error(result)
    assert not picture.exists()
