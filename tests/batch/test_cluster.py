"""Collections on a real cluster of two nodes: workers and runs that are killed, recordings that are no good."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from pianotrans.batch import Ledger
from pianotrans.batch.entry import EntryState
from pianotrans.workers.storage import parse_address
from tests.commands.driving import ENVIRONMENT, RATE, REPOSITORY, clip, command_line, errors, names, noise, write
from tests.synthesis import random_performance, render
from tests.workers.object_store import object_store, store

from .cluster_nodes import SETTINGS

for module in ("ray", "moto", "s3fs", "upath"):
    pytest.importorskip(module)
pytestmark = [
    pytest.mark.xdist_group("ray"),
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
]

N_KILLS = int(os.environ.get("PIANOTRANS_N_KILLS", "4"))  # a run needs some seconds to begin: twenty take minutes
OPEN = ENVIRONMENT | SETTINGS
WAIT_S = 300.0  # for what takes seconds on a machine with nothing else to do
N_CLIPS = 12


WITHOUT_SCORE = ("--tempo", "fixed")  # as `Performance.save` writes


class Nodes:
    """The cluster: where it is, and the processes of its workers."""

    def __init__(self, process: subprocess.Popen[str]):
        self._process = process
        assert process.stdout is not None
        self.address, self.client_address = json.loads(process.stdout.readline())

    def add(self) -> None:
        assert self._process.stdin is not None
        print(file=self._process.stdin, flush=True)

    def stations(self) -> list[int]:
        """Process numbers of the workers that belong to this cluster and have work or wait for it."""
        pids = [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
        return [pid for pid in pids if self._is_station(pid)]

    def _is_station(self, pid: int) -> bool:
        try:
            if not Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"ray::Station"):
                return False
            while pid > 1:
                pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
                if pid == self._process.pid:
                    return True
        except OSError:  # it has just ended
            pass
        return False


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[dict[str, str]]:
    """The environment by which an object store is found, on every node."""
    with object_store() as environment:
        yield environment


@pytest.fixture(scope="module")
def nodes(elsewhere: dict[str, str]) -> Iterator[Nodes]:
    command = [sys.executable, "-m", "tests.batch.cluster_nodes"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, text=True, cwd=REPOSITORY, env=OPEN | elsewhere, **pipes) as process:
        yield Nodes(process)


def start(tmp_path: Path, address: str, *options: object) -> subprocess.Popen[bytes]:
    (tmp_path / "out").mkdir(exist_ok=True)
    where = ["in", "-o", "out", "--cluster", address]  # relative: the workers' own working folder is another one
    command = command_line(
        "transcribe",
        *where,
        "--model",
        "tiny",
        "--device",
        "cpu",
        "--precision",
        "float32",
        *WITHOUT_SCORE,
        *options,
    )
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=OPEN, cwd=tmp_path)


def end(process: subprocess.Popen[bytes], exit_code: int = 0) -> str:
    """Wait for the end; what the run said. Ray itself is not to be heard."""
    stdout, stderr = process.communicate(timeout=WAIT_S)
    assert process.returncode == exit_code, stderr.decode()
    assert stdout == b""
    assert not [line for line in stderr.decode().splitlines() if "raylet" in line or "worker.py" in line]
    return stderr.decode()


def wait_until(condition: Callable[[], object], timeout_s: float = WAIT_S) -> None:
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.02)


def events(tmp_path: Path, event: str) -> Counter[str]:
    if not (tmp_path / "out" / ".pianotrans" / "ledger.sqlite").exists():
        return Counter()
    with Ledger(tmp_path / "out") as ledger:
        return Counter(name for name, what, _ in ledger.history() if what == event)


@pytest.fixture
def recordings(tmp_path: Path) -> list[str]:
    """Two that take some seconds, then many that take none."""
    for i in range(N_CLIPS):
        name = f"disc {i % 3}/{i}.wav"
        samples = noise(40.0) if i in (0, 3) else render(random_performance(i, 0.6), RATE, i)
        write(tmp_path / "in" / name, samples)
    return names(tmp_path / "in")


def check_all_done_once(tmp_path: Path, recordings: list[str]) -> None:
    assert events(tmp_path, "done") == dict.fromkeys(recordings, 1)
    with Ledger(tmp_path / "out") as ledger:
        assert {entry.state for entry in ledger.entries()} == {EntryState.done}
    from pianotrans.inference.transcriber import Transcriber

    transcriber = Transcriber("tiny", device="cpu", precision="float32")
    for name in recordings:
        alone = tmp_path / "alone.mid"
        transcriber.transcribe(tmp_path / "in" / name).made_with(["--tempo fixed=120"]).save(alone)
        assert (tmp_path / "out" / name).with_suffix(".mid").read_bytes() == alone.read_bytes(), name


def test_a_worker_that_is_killed(tmp_path: Path, nodes: Nodes, recordings: list[str]):
    process = start(tmp_path, nodes.address)
    wait_until(lambda: len(events(tmp_path, "claimed")) >= 2 and len(nodes.stations()) == 2)
    os.kill(nodes.stations()[0], signal.SIGKILL)
    said = end(process)
    assert f"{N_CLIPS} of {N_CLIPS} recordings done" in said
    assert errors(process_result(said)) == []
    assert sum(events(tmp_path, "released").values()) == 1
    assert sum(events(tmp_path, "claimed").values()) == N_CLIPS + 1
    check_all_done_once(tmp_path, recordings)


def has_begun(process: subprocess.Popen[bytes], tmp_path: Path, n_claimed: int) -> bool:
    return process.poll() is not None or events(tmp_path, "claimed").total() > n_claimed


def has_finished(process: subprocess.Popen[bytes], tmp_path: Path) -> bool:
    return process.poll() is not None or events(tmp_path, "done").total() > 0


def test_killed_again_and_again(tmp_path: Path, nodes: Nodes):
    """The run and its workers, at random moments: of what was finished by then nothing is touched any more."""
    for i in range(40):
        write(tmp_path / "in" / f"disc {i % 4}" / f"{i}.wav", render(random_performance(i, 4.0), RATE, i))
    recordings, rng, out = names(tmp_path / "in"), random.Random(1), tmp_path / "out"
    n_kills, written = 0, {}
    while n_kills < N_KILLS and len(written) < len(recordings):
        n_claimed = events(tmp_path, "claimed").total()
        process = start(tmp_path, nodes.address)
        if not written:  # however slow the machine is, the first run finishes something
            wait_until(partial(has_finished, process, tmp_path))
        elif rng.random() < 0.7:  # else while it begins
            wait_until(partial(has_begun, process, tmp_path, n_claimed))
        time.sleep(rng.uniform(0.0, 0.7))
        if rng.random() < 0.5 and (stations := nodes.stations()):
            os.kill(rng.choice(stations), signal.SIGKILL)
            n_kills += 1
            time.sleep(rng.uniform(0.0, 0.7))
        process.kill()
        process.communicate()
        n_kills += process.returncode == -signal.SIGKILL
        for name in events(tmp_path, "done"):
            written.setdefault(name, (out / name).with_suffix(".mid").stat().st_mtime_ns)
        wait_until(lambda: not nodes.stations())
    assert n_kills >= N_KILLS
    assert written
    n_done = events(tmp_path, "done").total()
    assert 0 < n_done < len(recordings)
    said = end(start(tmp_path, nodes.address))
    assert f"{n_done} of {len(recordings)} done before." in said
    check_all_done_once(tmp_path, recordings)
    for name, mtime_ns in written.items():
        assert (out / name).with_suffix(".mid").stat().st_mtime_ns == mtime_ns, name


def test_a_bad_recording_fails_alone_for_a_client_too(tmp_path: Path, nodes: Nodes):
    clip(tmp_path / "in" / "a.wav", 0.5)
    clip(tmp_path / "in" / "c.wav", 0.5)
    (tmp_path / "in" / "b.wav").write_text("no audio")
    said = end(start(tmp_path, nodes.client_address), 1)
    (line,) = errors(process_result(said))
    assert line.startswith(f"error: {tmp_path / 'in' / 'b.wav'}: not an audio format")
    assert "2 of 3 recordings done" in said
    assert events(tmp_path, "done") == {"a.wav": 1, "c.wav": 1}
    assert events(tmp_path, "failed") == {"b.wav": 1}


def test_a_node_that_joins_has_work_at_once_and_ctrl_c_ends_all(tmp_path: Path, nodes: Nodes):
    for i in range(6):
        write(tmp_path / "in" / f"{i}.wav", noise(120.0))
    process = start(tmp_path, nodes.address)
    wait_until(lambda: events(tmp_path, "claimed"))
    nodes.add()
    wait_until(lambda: len(nodes.stations()) == 3)
    process.send_signal(signal.SIGINT)
    said = end(process, 130)
    assert "same command" in said
    assert events(tmp_path, "claimed") == events(tmp_path, "released") + events(tmp_path, "done")
    wait_until(lambda: not nodes.stations())


def test_from_an_object_store_to_another_folder_of_it(tmp_path: Path, nodes: Nodes, elsewhere: dict[str, str]):
    """The run is killed in the middle; its ledger is on this machine."""
    fs, keep = store(elsewhere), tmp_path / "ledgers"
    for i in range(N_CLIPS):
        path = write(tmp_path / "in" / f"disc {i % 3}" / f"{i}.wav", render(random_performance(i, 4.0), RATE, i))
        fs.pipe(f"bucket/in/disc {i % 3}/{i}.wav", path.read_bytes())
    recordings, out = names(tmp_path / "in"), parse_address("s3://bucket/out")
    where = ["s3://bucket/in", "-o", "s3://bucket/out", "--ledger", keep, "--cluster", nodes.address]
    command = command_line(
        "transcribe", *where, "--model", "tiny", "--device", "cpu", "--precision", "float32", *WITHOUT_SCORE
    )

    def go_on() -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=OPEN | elsewhere)

    def done() -> Counter[str]:
        with Ledger(out, keep_in=keep) as ledger:
            return Counter(name for name, what, _ in ledger.history() if what == "done")

    process = go_on()
    wait_until(done)
    process.kill()
    process.communicate()
    assert 0 < len(done()) < N_CLIPS
    wait_until(lambda: not nodes.stations())
    said = end(go_on())
    assert f"{N_CLIPS} of {N_CLIPS} recordings done" in said
    assert str(keep) in said
    assert done() == dict.fromkeys(recordings, 1)
    outputs = {Path(name).relative_to("bucket/out").as_posix() for name in fs.find("bucket/out")}
    assert outputs == {Path(name).with_suffix(".mid").as_posix() for name in recordings} | {"report.csv"}
    from pianotrans.inference.transcriber import Transcriber

    transcriber = Transcriber("tiny", device="cpu", precision="float32")
    for name in recordings:
        alone = tmp_path / "alone.mid"
        transcriber.transcribe(tmp_path / "in" / name).made_with(["--tempo fixed=120"]).save(alone)
        assert fs.cat(f"bucket/out/{Path(name).with_suffix('.mid').as_posix()}") == alone.read_bytes(), name


def process_result(said: str) -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess([], 0, stderr=said)
