"""Collections on a real cluster of two nodes: workers and runs that are killed, recordings that are no good."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pianotrans.batch import Ledger
from pianotrans.batch.ledger import State
from tests.commands.driving import ENVIRONMENT, RATE, REPOSITORY, clip, command_line, errors, names, noise, write
from tests.synthesis import random_performance, render

pytest.importorskip("ray")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
]

OPEN = ENVIRONMENT | {"RAY_AUTH_MODE": "disabled"}  # Ray would leave a token in the user's home
N_CLIPS = 12


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
def nodes() -> Iterator[Nodes]:
    command = [sys.executable, "-m", "tests.batch.cluster_nodes"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, text=True, cwd=REPOSITORY, env=OPEN, **pipes) as process:
        yield Nodes(process)


def start(tmp_path: Path, address: str, *options: object) -> subprocess.Popen[bytes]:
    (tmp_path / "out").mkdir(exist_ok=True)
    where = ["in", "-o", "out", "--cluster", address]  # relative: the workers' own working folder is another one
    command = command_line("transcribe", *where, "--model", "tiny", "--device", "cpu", *options)
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=OPEN, cwd=tmp_path)


def end(process: subprocess.Popen[bytes], exit_code: int = 0) -> str:
    """Wait for the end; what the run said. Ray itself is not to be heard."""
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == exit_code, stderr.decode()
    assert stdout == b""
    assert not [line for line in stderr.decode().splitlines() if "raylet" in line or "worker.py" in line]
    return stderr.decode()


def wait_until(condition: Callable[[], object], timeout_s: float = 60.0) -> None:
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
        assert {entry.state for entry in ledger.entries()} == {State.done}
    from pianotrans.inference.transcriber import Transcriber

    transcriber = Transcriber("tiny", device="cpu")
    for name in recordings:
        alone = tmp_path / "alone.mid"
        transcriber.transcribe(tmp_path / "in" / name).save(alone)
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


def test_a_run_that_is_killed(tmp_path: Path, nodes: Nodes, recordings: list[str]):
    process = start(tmp_path, nodes.address)
    wait_until(lambda: events(tmp_path, "done"))
    process.kill()
    process.communicate()
    done = events(tmp_path, "done")
    assert 0 < len(done) < N_CLIPS
    wait_until(lambda: not nodes.stations())
    said = end(start(tmp_path, nodes.address))
    assert f"{len(done)} of {N_CLIPS} done before." in said
    check_all_done_once(tmp_path, recordings)


def test_ctrl_c(tmp_path: Path, nodes: Nodes, recordings: list[str]):
    process = start(tmp_path, nodes.address)
    wait_until(lambda: events(tmp_path, "claimed"))
    process.send_signal(signal.SIGINT)
    said = end(process, 130)
    assert "The same command goes on where this run was." in said
    assert events(tmp_path, "claimed") == events(tmp_path, "released") + events(tmp_path, "done")
    wait_until(lambda: not nodes.stations())


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


def test_a_node_that_joins_has_work_at_once(tmp_path: Path, nodes: Nodes):
    for i in range(6):
        write(tmp_path / "in" / f"{i}.wav", noise(120.0))
    process = start(tmp_path, nodes.address)
    wait_until(lambda: events(tmp_path, "claimed"))
    nodes.add()
    wait_until(lambda: len(nodes.stations()) == 3)
    process.send_signal(signal.SIGINT)
    end(process, 130)


def test_a_cluster_of_its_own(tmp_path: Path):
    clip(tmp_path / "in" / "a.wav", 0.5)
    said = end(start(tmp_path, "local"))
    assert "1 of 1 recordings done" in said
    assert names(tmp_path / "out") == [".pianotrans/ledger.sqlite", "a.mid", "report.csv"]


def process_result(said: str) -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess([], 0, stderr=said)
