"""One worker for the recordings that a command names: its deaths, its errors, and that it really is a process."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pianotrans.commands import single_worker
from pianotrans.commands.console import Reporter
from pianotrans.commands.single_worker import SingleWorker
from pianotrans.errors import ModelError, WorkerError
from pianotrans.workers.messages import (
    Died,
    Failed,
    Finished,
    Message,
    Progressed,
    Ready,
    Said,
    Task,
    Unable,
)
from pianotrans.workers.pool import Report
from tests.batch.making import TINY
from tests.inference.making import copy_of_tiny

from .driving import (
    ENVIRONMENT,
    clip,
    command_line,
    errors,
    names,
    noise,
    only_error,
    run,
    run_process,
    transcribe,
    write,
)

DONE = Finished({"mid": b"MIDI"}, 10.0, 1.0, 5, 2, ("out of tune",))


class Played:
    """A pool whose workers are played: what a new one says, and what it answers to a task."""

    def __init__(self, first_words: list[list[Message]], answer: Callable[[Task], list[Message]]):
        self.first_words, self.answer = first_words, answer
        self.is_ready = False
        self.task: Task | None = None
        self.n_started = 0
        self.is_closed = False

    @property
    def n_idle(self) -> int:
        return int(self.is_ready and self.task is None)

    def start(self) -> None:
        self.n_started += 1

    def give(self, task: Task) -> None:
        assert self.n_idle
        self.task = task

    def listen(self, _: float) -> Iterator[Report]:
        messages = self.first_words.pop(0) if self.task is None else self.answer(self.task)
        for message in messages:
            self.is_ready = self.is_ready or isinstance(message, Ready)
            task = self.task
            if isinstance(message, Finished | Failed | Died):
                self.task = None
            if isinstance(message, Died):
                self.is_ready = False
            yield Report(task, message)

    def close(self) -> None:
        self.is_closed = True


READY: list[Message] = [Ready("cpu", "tiny")]


def play(monkeypatch: pytest.MonkeyPatch, *arguments: Any) -> Played:
    pool = Played(*arguments)
    monkeypatch.setattr(single_worker, "Pool", lambda _: pool)
    return pool


def dies_over(name: str) -> Callable[[Task], list[Message]]:
    return lambda task: [Progressed(0.0, 10.0), Died(-8) if task.name == name else DONE]


def test_a_worker_that_dies_fails_one_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pool = play(monkeypatch, [READY, [Said("Fetching …")], READY], dies_over("b.wav"))
    songs = [clip(tmp_path / name, 0.5) for name in ("a.wav", "b.wav", "c.wav")]
    result = transcribe(*songs)
    assert result.exit_code == 1
    assert only_error(result).startswith(f"error: {songs[1]}: the worker process died while working on it")
    assert "signal 8" in only_error(result)
    assert "Fetching …" in result.stderr.splitlines()
    assert "1 of 3 inputs failed." in result.stderr
    assert names(tmp_path) == ["a.mid", "a.wav", "b.wav", "c.mid", "c.wav"]
    assert (pool.n_started, pool.is_closed) == (2, True)


def test_remarks_stand_below_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    play(monkeypatch, [READY], lambda _: [DONE])
    song = clip(tmp_path / "a.wav", 0.5)
    assert transcribe(song).stderr.splitlines()[-1] == "a.wav: out of tune"
    assert transcribe(song, "--overwrite", "-q").stderr == ""


@pytest.mark.parametrize(
    ("first_word", "error", "message"),
    [
        (Died(-9), WorkerError, "killed by signal 9, usually for lack of memory, before it was ready"),
        (Unable(ModelError("no weights there.")), ModelError, "no weights there."),
    ],
)
def test_a_worker_that_is_never_ready(
    monkeypatch: pytest.MonkeyPatch, first_word: Message, error: type[Exception], message: str
):
    pool = play(monkeypatch, [[first_word]], lambda _: [DONE])
    with pytest.raises(error, match=message), SingleWorker(TINY, Reporter(quiet=True)) as worker:
        worker.do(Task("a", Path("a.wav")), "a")
    assert pool.is_closed


def test_weights_are_fetched_where_ctrl_c_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def interrupted(*_: object, say: Callable[[str], None]) -> None:
        say("Fetching …")
        raise KeyboardInterrupt

    monkeypatch.setattr("pianotrans.inference.pull.pull", interrupted)
    folder = copy_of_tiny(tmp_path / "model")
    (folder / "weights.safetensors").unlink()
    result = run("transcribe", clip(tmp_path / "a.wav", 0.5), "--model", folder)
    assert result.exit_code == 130
    assert result.stderr.splitlines() == ["Fetching …", only_error(result)]


@pytest.mark.slow
@pytest.mark.xdist_group("kill")
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no list of processes")
def test_a_process_that_is_killed_fails_one_recording_and_the_command_goes_on(tmp_path: Path):
    long, short = write(tmp_path / "long.wav", noise(600.0)), clip(tmp_path / "short.wav", 0.5)
    process = subprocess.Popen(
        command_line("transcribe", "--model", "tiny", long, short),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "[1/2] long.wav: started\n"
    for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
        if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text():
            os.kill(int(child), signal.SIGKILL)
    stderr = process.communicate(timeout=300)[1]
    assert process.returncode == 1
    assert [line for line in stderr.splitlines() if line.startswith("error: ")] == [
        line for line in stderr.splitlines() if "long.wav: the worker process died" in line
    ]
    assert names(tmp_path) == ["long.wav", "short.mid", "short.wav"]


@pytest.mark.slow
@pytest.mark.shared
def test_files_made_to_harm_fail_and_the_others_are_done(shared: Path, tmp_path: Path):
    bad = ("crash_channels0.adx", "mp4_index_60M.mp4", "mp4_index_20Mx4.mp4")
    for name in bad:
        (tmp_path / f"{name}.wav").write_bytes((shared / "field" / "attack" / name).read_bytes())
    clip(tmp_path / "good.wav", 0.5)
    result = run_process(
        "transcribe", "--model", "tiny", *(tmp_path / f"{name}.wav" for name in bad), tmp_path / "good.wav"
    )
    assert result.returncode == 1
    for name, line in zip(bad, errors(result), strict=True):
        assert f"{name}.wav: " in line
    assert names(tmp_path) == sorted(["good.mid", "good.wav", *(f"{name}.wav" for name in bad)])
