"""Every command and every Python line of the README runs."""

import re
import shlex
import shutil
import subprocess
import sys

import pytest

from pianotrans.inference import registry
from tests.conftest import REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
RUN_BY_CI = {"make demo", "make test", "pip install ."}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


COMMANDS = [line for block in blocks("sh") for line in block.splitlines()]
BENCH = [command for command in COMMANDS if command.startswith("pianotrans bench")]
TRANSCRIBE = [command for command in COMMANDS if command.startswith("pianotrans transcribe")]


@pytest.fixture
def desk(tmp_path, samples_folder, monkeypatch):
    """A folder with the files that the README talks of."""
    shutil.copy(samples_folder / "satie_gymnopedie.mp3", tmp_path / "song.mp3")
    shutil.copy(samples_folder / "beethoven_fur_elise.flac", tmp_path / "other.flac")
    (tmp_path / "folder").mkdir()
    (tmp_path / "recordings" / "inner").mkdir(parents=True)
    shutil.copy(tmp_path / "song.mp3", tmp_path / "recordings" / "inner" / "song.mp3")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_command_is_known():
    rest = set(COMMANDS) - RUN_BY_CI - set(TRANSCRIBE)
    assert rest == {f"pianotrans models {name}" for name in ("list", "pull", "path", "verify")} | set(BENCH)


@pytest.mark.slow
@pytest.mark.parametrize("command", TRANSCRIBE)
def test_transcribe(command, desk):
    program = f"{shlex.quote(sys.executable)} {shlex.quote(str(REPOSITORY / 'cli.py'))} transcribe --model tiny"
    command = command.replace("--hop 14", "--hop 3")  # the tiny model's segments are shorter
    subprocess.run(command.replace("pianotrans transcribe", program, 1), shell=True, check=True)
    assert list(desk.rglob("*.mid"))


@pytest.mark.slow
@pytest.mark.parametrize("command", BENCH)
def test_bench(command, desk):
    subprocess.run(
        [sys.executable, REPOSITORY / "cli.py", *shlex.split(command)[1:], "--model", "tiny"], check=True
    )


@pytest.mark.slow
@pytest.mark.weights
@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("pianotrans models")])
def test_models(command, desk, published):
    subprocess.run([sys.executable, REPOSITORY / "cli.py", *shlex.split(command)[1:]], check=True)


@pytest.mark.slow
def test_python(desk, monkeypatch, capsys):
    monkeypatch.setattr("pianotrans.inference.transcriber.default_model", lambda: "tiny")
    assert registry.default_model() == "transkun-v2"
    (code,) = blocks("python")
    exec(compile(code, "README.md", "exec"), {})
    assert (desk / "from_python.mid").stat().st_size > 0
    assert re.search(r"other.flac \d+ notes \d+ pedals", capsys.readouterr().out)


def test_files_that_are_linked_exist():
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert (REPOSITORY / target).exists(), target
