"""Every command and every Python line of the READMEs runs."""

import json
import re
import shlex
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from pianotrans.inference import registry
from tests.batch.cluster_nodes import SETTINGS
from tests.commands.conftest import put_workers_here
from tests.commands.driving import ENVIRONMENT, RATE, SEED, clip, command_line, names, run, write
from tests.commands.test_serve import WAIT_S, running
from tests.edits.documents import document
from tests.evaluation.score.making import PAGE, write_dataset
from tests.readme_blocks import PYTHON, SHELL, Block, ids, text_of
from tests.synthesis import random_performance, render
from tests.training.pianos import whole_piano
from tests.workers.object_store import object_store, store

RUN_BY_CI = {"make demo", "make test", "make fast", "make lint", "pip install ."}
N_STEPS = 5  # of training, where the README takes 200

CURL = [block for block in SHELL if block.mentions("curl ")]
SERVE = [block for block in SHELL if block.mentions("pianotrans serve")]
MODELS = [block for block in SHELL if block.mentions("pianotrans models list")]
LONG = {  # trainings
    Path(f"models/{name}/README.md") for name in ("nano", "small", "beats", "meter", "hands")
}
LACKING_DATA = [block for block in SHELL if block.file in LONG]
BY_CI = [block for block in SHELL if set(block.lines) <= RUN_BY_CI]
REST = [block for block in SHELL if block not in CURL + SERVE + MODELS + LACKING_DATA + BY_CI]
TOGETHER = [block for block in REST if block.mentions("--cluster")]
ALONE = [block for block in REST if block not in TOGETHER]


# The files that READMEs talk of

EDITS = document(notes={"added": [{"id": "+1", "onset_s": 1, "offset_s": 2, "key": 60, "velocity": 64}]})


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with some recordings, and no transcription yet."""
    for name in ("song.mp3", "other.flac", "recordings/inner/song.mp3"):
        clip(tmp_path / name)
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def add_what_is_named(block: Block, desk: Path) -> None:
    """What only some blocks need, or what would be in the way of others."""
    if block.mentions("truth"):
        names = ("truth.mid", "song.mid", "truth/a/b.mid", "transcribed/a/b.mid", "others/a/b.mid")
        for seed, name in enumerate(names):
            save(seed, 5.0, desk / name)
        (desk / "published.csv").write_text("piece,metric,value\na/b.mid,keys onset,0.9\n")
    if block.mentions("maestro-v3.0.0", "list.csv"):
        add_maestro(desk / "maestro-v3.0.0")
        rows = "".join(f"maestro-v3.0.0/2018/{n}.wav,maestro-v3.0.0/2018/{n}.midi,train\n" for n in range(2))
        (desk / "list.csv").write_text(f"audio,midi,split\n{rows}")
    if block.mentions("MAPS"):
        for piano in ("AkPnBcht", "ENSTDkAm"):
            clip(desk / f"MAPS/{piano}/MUS/x.wav")
            save(SEED, 2.0, desk / f"MAPS/{piano}/MUS/x.mid")
    if block.mentions("edited.csv"):
        (desk / "edited.csv").write_text("time_s,bar,beat\n0.5,1,1\n1.1,1,2\n1.7,2,1\n2.3,2,2\n")
    if block.mentions("edits.json"):
        (desk / "edits.json").write_text(json.dumps(EDITS))
    if block.mentions("evaluate score"):
        add_scores(desk)
    if block.mentions("FOLDER"):
        whole_piano(desk / "FOLDER")
        save(SEED, 2.0, desk / "performances" / "x.mid")


def save(seed: int, duration_s: float, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    random_performance(seed, duration_s).save(path)


def add_scores(desk: Path) -> None:
    """Two performances in the layout of (n)ASAP, what was transcribed of them, and two scores."""
    for path in (write_dataset(desk / "asap") / "performances").glob("*.mid"):
        (desk / "transcriptions").mkdir(exist_ok=True)
        shutil.copy(path, desk / "transcriptions" / path.name)
    with zipfile.ZipFile(desk / "true.mxl", "w") as file:
        root = '<rootfile full-path="score.xml"/>'
        file.writestr("META-INF/container.xml", f"<container><rootfiles>{root}</rootfiles></container>")
        file.writestr("score.xml", PAGE)
    (desk / "made.musicxml").write_text(PAGE)


def add_maestro(root: Path) -> None:
    """Four recordings in MAESTRO's layout."""
    rows = ["canonical_composer,canonical_title,split,year,midi_filename,audio_filename,duration"]
    for seed, split in enumerate(("train", "train", "validation", "test")):
        performance = random_performance(seed, 6.0)
        write(root / "2018" / f"{seed}.wav", render(performance, RATE, seed))
        performance.save(root / "2018" / f"{seed}.midi")
        rows.append(f"nobody,piece {seed},{split},2018,2018/{seed}.midi,2018/{seed}.wav,6.0")
    (root / "maestro-v3.0.0.csv").write_text("\n".join(rows))


# Running a line


IN_PROCESSES_OF_THEIR_OWN = {
    "pianotrans transcribe song.mp3",
    "pianotrans transcribe song.mp3 -o - > piped.mid",
    "cat song.mp3 | pianotrans transcribe - -o from_pipe.mid",
}


def with_tiny_model(line: str) -> str:
    """The line with the model for tests, whose segments are shorter, and with less work."""
    line = line.replace("--hop 14", "--hop 3").replace("--seconds 20", "--seconds 2")
    line = line.replace("steps=200", f"steps={N_STEPS}")
    program = re.match(r"(?:cat \S+ \| )?pianotrans (transcribe|score|live|view|bench|evaluate dataset)\b", line)
    if program and "--model" not in line and "--quality" not in line:
        line = line.replace(program[0], f"{program[0]} --model tiny", 1)
    return line


def run_in_process(line: str) -> str:
    """Run a line; a redirection is done by hand. What it printed."""
    command, _, target = with_tiny_model(line).partition(" > ")
    result = run(*shlex.split(command)[1:])
    assert result.exit_code == 0, f"{line}\n{result.output}"
    if target:
        Path(target).write_bytes(result.stdout_bytes)
    return str(result.output)


def run_in_a_shell(
    line: str, environment: dict[str, str] | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    program = shlex.join(command_line())
    line = with_tiny_model(line).replace("pianotrans", program, 1)
    return subprocess.run(line, shell=True, check=True, env=ENVIRONMENT | (environment or {}), **options)


def check_outputs(line: str, desk: Path, before: set[Path]) -> None:
    """That a line has written what it was to write."""
    arguments = shlex.split(line.replace(" > ", " -o "))
    outputs = [arguments[n + 1] for n, word in enumerate(arguments) if word == "-o"]
    new = {path for path in desk.rglob("*") if path.is_file()} - before
    assert all((desk / name).exists() for name in outputs if name != "-"), line
    if line.startswith("pianotrans transcribe") and "--for list" not in line:
        wanted = re.search(r"--format (\S+)", line)
        kinds = wanted[1].split(",") if wanted else ["mid"]
        assert all(any(path.suffix == f".{kind}" for path in desk.rglob("*")) for kind in kinds), line
        assert new or "--overwrite" in line, line
    if line.startswith("pianotrans evaluate") and "-o" in arguments and " > " not in line:
        names = {path.name for path in new}
        assert names >= {"summary.json", "summary.md", "pieces.csv", "errors.csv"}
    if line.startswith("pianotrans evaluate dataset") and "-o" in arguments:
        kept = [path.name for path in (desk / outputs[0] / "transcriptions").rglob("*.mid")]
        assert kept == ["3.mid"], "the only recording of the split"


# The tests


@pytest.mark.slow
@pytest.mark.parametrize("block", ALONE, ids=ids(ALONE))
def test_commands(block: Block, desk: Path, monkeypatch: pytest.MonkeyPatch):
    """All lines of a block, one after the other."""
    put_workers_here(monkeypatch)
    add_what_is_named(block, desk)
    for line in block.lines:
        before = {path for path in desk.rglob("*") if path.is_file()}
        if line in IN_PROCESSES_OF_THEIR_OWN:
            run_in_a_shell(line)
        else:
            printed = run_in_process(line)
            if "--resume" in line:
                assert f"{N_STEPS} of {N_STEPS}" in printed
        check_outputs(line, desk, before)


@pytest.mark.slow
@pytest.mark.xdist_group("ray")
@pytest.mark.parametrize("block", TOGETHER, ids=ids(TOGETHER))
def test_commands_on_a_cluster(block: Block, desk: Path):
    """Ray keeps threads and processes, so these have a process of their own. Ray itself is not to be heard."""
    (line,) = block.lines
    if "s3://" not in line:
        done = run_in_a_shell(line, SETTINGS, capture_output=True, text=True)
        assert done.stdout == ""
        assert "1 of 1 recordings done" in done.stderr
        assert not re.search(r"raylet|worker\.py", done.stderr)
        assert names(desk / "folder") == [".pianotrans/ledger.sqlite", "inner/song.mid", "report.csv"]
        return
    with object_store() as access:
        store(access).pipe("bucket/recordings/inner/song.mp3", (desk / "song.mp3").read_bytes())
        run_in_a_shell(line, access | SETTINGS | {"XDG_STATE_HOME": str(desk)})
        assert store(access).exists("bucket/midi/inner/song.mid")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl")
def test_web_app(desk: Path):
    """The server, with a stand-in for the browser, and every request that is shown."""
    (block,) = CURL
    (command,) = {line for served in SERVE for line in served.lines}
    browser = desk / "browser"
    browser.write_text(f"#!/bin/sh\necho $1 > {shlex.quote(str(desk / 'opened'))}\n")
    browser.chmod(0o755)
    options = [*shlex.split(command)[2:], "--folder", desk / "jobs"]
    with running(*options, environment={"BROWSER": str(browser)}) as (_, site):
        job_id = "ID"
        for line in block.lines:
            line = line.replace("/ID", f"/{job_id}").replace("http://127.0.0.1:8765", str(site.client.base_url))
            done = subprocess.run(f"{line} -sS --fail", shell=True, check=True, capture_output=True)
            if job_id == "ID":
                job_id = json.loads(done.stdout)["id"]
                assert site.wait(job_id, timeout_s=WAIT_S)["state"] == "done"
        assert site.client.get("/api/jobs").json() == {"jobs": [], "next": None}
        assert (desk / "opened").read_text().strip() == f"{site.client.base_url}/"
    assert (desk / "song.mid").read_bytes()[:4] == b"MThd"


def test_every_request_of_the_table_exists():
    """The API of the web app's README and its OpenAPI document name the same addresses."""
    from pianotrans.web import routes

    table = re.findall(r"\| `(GET|POST|PUT|DELETE) (/api/[^`?,]*)", text_of(Path("pianotrans/web/README.md")))
    named = {(method, re.sub(r"\b[A-Z]{2,}\b", "{}", path)) for method, path in table}
    served = {
        (method, re.sub(r"\{\w+\}", "{}", route.path))
        for router in routes.ROUTERS
        for route in router.routes
        for method in route.methods
    }
    assert named == served | {("GET", "/api/openapi.json")}


@pytest.mark.slow
@pytest.mark.weights
@pytest.mark.parametrize("line", [line for block in MODELS for line in block.lines])
def test_models(line: str, published):
    run_in_process(line)


@pytest.fixture
def tiny_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert registry.default_model() == "transkun-v2"
    monkeypatch.setattr("pianotrans.inference.transcriber.default_model", lambda: "tiny")


def execute(block: Block) -> None:
    exec(compile(block.text, block.file, "exec"), {"__name__": "__main__"})


HERE = [block for block in PYTHON if block.mentions(".transcribe(")]
IN_WORKERS = [block for block in PYTHON if block not in HERE]  # whose worker processes load the default model


@pytest.mark.slow
@pytest.mark.parametrize("block", HERE, ids=ids(HERE))
def test_python(block: Block, desk: Path, tiny_by_default, capsys: pytest.CaptureFixture[str]):
    add_what_is_named(block, desk)
    execute(block)
    for name in re.findall(r'save\("(.*?)"\)', block.text):
        assert (desk / name).stat().st_size > 0
    if block.mentions("other.flac"):
        assert re.search(r"other.flac \d+ notes \d+ pedals", capsys.readouterr().out)


@pytest.mark.slow
@pytest.mark.weights
@pytest.mark.parametrize("block", IN_WORKERS, ids=ids(IN_WORKERS))
def test_python_with_workers(block: Block, desk: Path, published, capsys: pytest.CaptureFixture[str]):
    add_what_is_named(block, desk)
    add_what_is_named(block, desk)
    execute(block)
    if block.mentions("transcribe_folder"):
        assert (desk / "folder" / "inner" / "song.mid").is_file()
    if block.mentions("evaluate_dataset"):
        assert capsys.readouterr().out.endswith("1 scored, 0 failed\n")


def test_every_block_is_tested():
    for block in SHELL:
        for line in block.lines:
            assert (
                line.startswith(("pianotrans ", "curl ", "cat ")) or line in RUN_BY_CI or block in LACKING_DATA
            ), line
    assert {line for block in ALONE for line in block.lines} >= IN_PROCESSES_OF_THEIR_OWN
