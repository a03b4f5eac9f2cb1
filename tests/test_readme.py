"""Every command and every Python line of the README runs."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest

from pianotrans.inference import registry
from tests.commands.driving import ENVIRONMENT, RATE, SEED, clip, run_process, write
from tests.commands.test_serve import WAIT_S, running
from tests.conftest import REPOSITORY, SHARED
from tests.synthesis import random_performance, render
from tests.workers.object_store import object_store, store

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
RUN_BY_CI = {"make demo", "make test", "pip install ."}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


(TRAINING,) = (block.splitlines() for block in blocks("sh") if "pianotrans train " in block)
COMMANDS = [line for block in blocks("sh") for line in block.splitlines() if line not in TRAINING]
BENCH = [command for command in COMMANDS if command.startswith("pianotrans bench")]
EVALUATE = [command for command in COMMANDS if command.startswith("pianotrans evaluate")]
VIEW = [command for command in COMMANDS if command.startswith("pianotrans view")]
SERVE = [command for command in COMMANDS if command.startswith("pianotrans serve")]
CURL = [command for command in COMMANDS if command.startswith("curl ")]
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


@pytest.fixture
def scored(desk):
    """The desk with transcriptions, saved evaluations, and data sets in the layouts of MAESTRO and MAPS."""
    for seed, name in enumerate(("truth.mid", "song.mid", "truth/a/b.mid", "transcribed/a/b.mid")):
        (desk / name).parent.mkdir(parents=True, exist_ok=True)
        random_performance(seed, 5.0).save(desk / name)
    for name, estimate in (("a.json", "truth"), ("b.json", "transcribed")):
        (desk / name).write_bytes(run_process("evaluate", "truth", estimate, "--json", cwd=desk).stdout)
    pianos = ("AkPnBcht", "ENSTDkAm")
    for place in ("maestro-v3.0.0/2018/x", "maestro-v3.0.0/2018/y", *(f"MAPS/{piano}/MUS/x" for piano in pianos)):
        clip(desk / f"{place}.wav")
        random_performance(SEED, 2.0).save(desk / f"{place}.mid")
    rows = ["split,year,midi_filename,audio_filename,duration"]
    rows += [f"{split},2018,2018/{name}.mid,2018/{name}.wav,2.0" for split, name in (("train", "x"), ("test", "y"))]
    (desk / "maestro-v3.0.0/maestro-v3.0.0.csv").write_text("\n".join(rows))
    return desk


def test_every_command_is_known():
    rest = set(COMMANDS) - RUN_BY_CI - set(TRANSCRIBE) - set(EVALUATE) - set(VIEW) - set(SERVE) - set(CURL)
    assert rest == {f"pianotrans models {name}" for name in ("list", "pull", "path", "verify")} | set(BENCH)


@pytest.mark.slow
@pytest.mark.parametrize("command", TRANSCRIBE)
def test_transcribe(command, desk):
    program = f"{shlex.quote(sys.executable)} {shlex.quote(str(REPOSITORY / 'cli.py'))} transcribe --model tiny"
    command = command.replace("--hop 14", "--hop 3")  # the tiny model's segments are shorter
    command = command.replace("pianotrans transcribe", program, 1)
    if "s3://" in command:
        with object_store() as access:
            store(access).pipe("bucket/recordings/inner/song.mp3", (desk / "song.mp3").read_bytes())
            environment = os.environ | access | {"XDG_STATE_HOME": str(desk)}
            subprocess.run(command, shell=True, check=True, env=environment)
            assert store(access).exists("bucket/midi/inner/song.mid")
        return
    subprocess.run(command, shell=True, check=True)
    made = ".html" if "html" in command else ".json" if "json" in command else ".mid"
    assert list(desk.rglob(f"*{made}"))


@pytest.mark.slow
@pytest.mark.parametrize("command", VIEW)
def test_view(command, desk):
    subprocess.run(
        [sys.executable, REPOSITORY / "cli.py", *shlex.split(command)[1:], "--model", "tiny"], check=True
    )
    assert (desk / "roll.png").stat().st_size > 0


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl")
def test_web_app(desk):
    """The server, with a browser that is none, and all that is asked of it."""
    (command,) = SERVE
    browser = desk / "browser"
    browser.write_text(f"#!/bin/sh\necho $1 > {shlex.quote(str(desk / 'opened'))}\n")
    browser.chmod(0o755)
    options = [*shlex.split(command)[2:], "--folder", desk / "jobs"]
    with running(*options, environment={"BROWSER": str(browser)}) as (_, site):
        job_id = "ID"
        for line in CURL:
            line = line.replace("/ID", f"/{job_id}").replace("http://127.0.0.1:8765", str(site.client.base_url))
            done = subprocess.run(f"{line} -sS --fail", shell=True, check=True, capture_output=True)
            if job_id == "ID":
                job_id = json.loads(done.stdout)["id"]
                assert site.wait(job_id, timeout_s=WAIT_S)["state"] == "done"
        assert site.client.get("/api/jobs").json() == {"jobs": []}
        assert (desk / "opened").read_text().strip() == f"{site.client.base_url}/"
    assert (desk / "song.mid").read_bytes()[:4] == b"MThd"


@pytest.mark.slow
@pytest.mark.parametrize("command", EVALUATE)
def test_evaluate(command, scored):
    program = f"{shlex.quote(sys.executable)} {shlex.quote(str(REPOSITORY / 'cli.py'))} evaluate"
    model = " --model tiny" if "--dataset" in command else ""
    done = subprocess.run(
        command.replace("pianotrans evaluate", f"{program}{model}", 1), shell=True, check=True, capture_output=True
    )
    assert done.stdout or "> a.json" in command
    if "--out" in command:
        (summary,) = scored.glob("*/summary.json")
        assert (summary.parent / "pieces.csv").stat().st_size > 0
    if "--dataset" in command and "--out" in command:
        kept = [path.name for path in scored.glob("*/transcriptions/**/*.mid")]
        assert kept == ["y.mid"], "the only recording of the split"


@pytest.fixture
def maestro(desk):
    """The desk with recordings in MAESTRO's layout: the shared ones, or simple tones where they are missing."""
    root = desk / "maestro-v3.0.0"
    if (SHARED / "maestro-mini").is_dir():
        root.symlink_to(SHARED / "maestro-mini")
        return desk
    rows = ["canonical_composer,canonical_title,split,year,midi_filename,audio_filename,duration"]
    for seed, split in enumerate(("train", "train", "validation", "test")):
        performance = random_performance(seed, 6.0)
        write(root / "2018" / f"{seed}.wav", render(performance, RATE, seed))
        performance.save(root / "2018" / f"{seed}.midi")
        rows.append(f"nobody,piece {seed},{split},2018,2018/{seed}.midi,2018/{seed}.wav,6.0")
    (root / "maestro-v3.0.0.csv").write_text("\n".join(rows))
    return desk


@pytest.mark.slow
def test_training(maestro):
    """All commands of the section, one after the other."""
    program = f"{shlex.quote(sys.executable)} {shlex.quote(str(REPOSITORY / 'cli.py'))}"
    printed = []
    for command in TRAINING:
        line = command.replace("pianotrans", program, 1)
        printed.append(
            subprocess.run(line, shell=True, check=True, capture_output=True, text=True, env=ENVIRONMENT)
        )
    assert "Continuing after step 200 of 200." in printed[2].stderr
    assert "| 200 of 200, " in (maestro / "my-tiny" / "README.md").read_text()
    assert (maestro / "song.mid").is_file()
    assert "onset+offset" in printed[-1].stdout


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
