"""What a worker does with a recording, in this process: the same files that the command line writes."""

import multiprocessing
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pianotrans.inference.transcriber import Transcriber
from pianotrans.web import worker as worker_module
from pianotrans.web.folders import JobFolder
from pianotrans.web.job import Format, download_name
from pianotrans.web.messages import Cancel, Failed, Finished, Message, Progressed, Ready, Stopped, Task, Unable
from pianotrans.web.worker import Recipe, do_task, serve
from tests.commands.driving import clip, noise, transcribe, write

TINY = Recipe(model="tiny", device="cpu", precision="float32")


@pytest.fixture(scope="module")
def transcriber() -> Transcriber:
    return Transcriber("tiny", device="cpu", precision="float32")


class Line:
    """A connection that keeps what is sent, and holds the orders that are given beforehand."""

    def __init__(self, *orders: Any):
        self.orders, self.sent = list(orders), []

    def poll(self) -> bool:
        return bool(self.orders)

    def recv(self) -> Any:
        order = self.orders.pop(0)
        if isinstance(order, BaseException):
            raise order
        return order

    def send(self, message: Message) -> None:
        self.sent.append(message)


def task_of(source: Path, folder: Path, name: str | None = None) -> Task:
    folder.mkdir(exist_ok=True)
    JobFolder(folder).recording.write_bytes(source.read_bytes())
    return Task("0" * 32, name or source.name, folder)


@pytest.mark.parametrize("name", ['take"><script>.wav', "Prélude №1 – a.b.wav", "no\nsuffix"])
def test_the_same_bytes_as_on_the_command_line(tmp_path: Path, transcriber: Transcriber, name: str):
    source = clip(tmp_path / "clip.wav").rename(tmp_path / name)
    assert transcribe(source, "--format", "mid,csv,json,html", "-q").exit_code == 0
    task = task_of(source, tmp_path / "job")
    line = Line()
    answer = do_task(transcriber, TINY, task, line)
    assert answer == Finished(2.0, answer.n_notes, answer.n_pedals)
    assert answer.n_notes > 0
    assert (line.sent[0], line.sent[-1]) == (Progressed(0.0, 2.0), Progressed(2.0, 2.0))
    for format_ in Format:
        on_the_command_line = source.with_suffix(f".{format_}")
        assert JobFolder(task.folder).result(format_).read_bytes() == on_the_command_line.read_bytes()
        assert download_name(name, format_) == on_the_command_line.name.replace("\n", "_")


def failure(answer: object) -> str:
    assert isinstance(answer, Failed)
    assert "\n" not in answer.error
    return answer.error


def test_what_is_no_recording(tmp_path: Path, transcriber: Transcriber):
    (tmp_path / "x").write_bytes(b"MZ certainly no sound")
    task = task_of(tmp_path / "x", tmp_path / "job", "song\n.mp3")
    answer = do_task(transcriber, TINY, task, Line())
    assert failure(answer).startswith("song .mp3: not an audio format that libsndfile or FFmpeg knows.")
    assert str(tmp_path) not in failure(answer)
    assert [path.name for path in task.folder.iterdir()] == ["recording"]


def test_a_damaged_recording_is_taken_if_the_server_says_so(tmp_path: Path, transcriber: Transcriber):
    whole = clip(tmp_path / "a.wav", 4.0).read_bytes()
    (tmp_path / "cut.wav").write_bytes(whole[: len(whole) // 2])
    task = task_of(tmp_path / "cut.wav", tmp_path / "job")
    assert "pass --allow-truncated" in failure(do_task(transcriber, TINY, task, Line()))
    answer = do_task(transcriber, replace(TINY, allow_truncated=True), task, Line())
    assert isinstance(answer, Finished)
    assert answer.duration_s == pytest.approx(2.0, abs=0.1)


def endless_mp3(path: Path, duration_s: float) -> Path:
    """MPEG audio that does not say how long it is."""
    import av

    with av.open(str(path), "w", format="mp3", options={"write_xing": "0"}) as container:
        stream = container.add_stream("libmp3lame", rate=16_000, layout="mono", bit_rate=32_000)
        samples = noise(duration_s)[np.newaxis]
        for start in range(0, samples.shape[1], 16_000):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(samples[:, start : start + 16_000]), format="fltp", layout="mono"
            )
            frame.sample_rate, frame.pts = 16_000, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_too_long_by_its_header(tmp_path: Path, transcriber: Transcriber):
    task = task_of(write(tmp_path / "long.wav", noise(10.0)), tmp_path / "job")
    line = Line()
    answer = do_task(transcriber, replace(TINY, max_duration_s=6.0), task, line)
    assert failure(answer) == (
        "long.wav: 0.2 minutes or more, and 0.1 are the most here. "
        "Cut it, or start the server with a larger --max-minutes."
    )
    assert line.sent == []
    assert isinstance(do_task(transcriber, replace(TINY, max_duration_s=10.0), task, Line()), Finished)


def test_too_long_without_saying_so(tmp_path: Path, transcriber: Transcriber):
    task = task_of(endless_mp3(tmp_path / "long.mp3", 10.0), tmp_path / "job")
    line = Line()
    assert "the most here" in failure(do_task(transcriber, replace(TINY, max_duration_s=6.0), task, line))
    assert line.sent == []
    answer = do_task(transcriber, replace(TINY, max_duration_s=11.0), task, line)
    assert isinstance(answer, Finished)
    assert answer.duration_s == pytest.approx(10.0, abs=0.2)
    assert {message.duration_s for message in line.sent} == {answer.duration_s}, "known before the work begins"


def test_too_long_although_the_header_says_otherwise(
    tmp_path: Path, transcriber: Transcriber, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(worker_module, "measure_s", lambda *_: 1.0)
    task = task_of(write(tmp_path / "long.wav", noise(60.0)), tmp_path / "job")
    line = Line()
    assert "the most here" in failure(do_task(transcriber, replace(TINY, max_duration_s=4.0), task, line))
    assert len(line.sent) < 10, "not all of it was transcribed"
    assert {message.done_s for message in line.sent} <= {0.0, 1.0}


@pytest.mark.parametrize("kind", ["wav", "mp3"])
def test_cancelled(tmp_path: Path, transcriber: Transcriber, kind: str):
    make = endless_mp3 if kind == "mp3" else lambda path, duration_s: write(path, noise(duration_s))
    task = task_of(make(tmp_path / f"a.{kind}", 6.0), tmp_path / "job")
    line = Line(Cancel("another job"), Cancel(task.job_id))
    assert do_task(transcriber, TINY, task, line) == Stopped()
    assert len(line.sent) <= 1
    assert [path.name for path in task.folder.iterdir()] == ["recording"]


def test_a_server_that_is_gone(tmp_path: Path, transcriber: Transcriber):
    task = task_of(clip(tmp_path / "a.wav"), tmp_path / "job")
    with pytest.raises(EOFError, match=r"^$"):
        do_task(transcriber, TINY, task, Line(EOFError()))
    assert [path.name for path in task.folder.iterdir()] == ["recording"]


def test_results_that_cannot_be_written(tmp_path: Path, transcriber: Transcriber, monkeypatch: pytest.MonkeyPatch):
    task = task_of(clip(tmp_path / "a.wav"), tmp_path / "job")
    JobFolder(task.folder).result(Format.mid).mkdir()
    assert "is a folder" in failure(do_task(transcriber, TINY, task, Line()))

    def fail(*_: object, **__: object) -> None:
        raise MemoryError("too\nmuch")

    monkeypatch.setattr(transcriber, "transcribe", fail)
    answer = do_task(transcriber, TINY, task, Line())
    assert failure(answer) == "a.wav: unexpected MemoryError: too much."
    assert answer.trace.startswith("Traceback")


def test_the_whole_worker_in_a_thread(tmp_path: Path):
    here, there = multiprocessing.Pipe()
    thread = threading.Thread(target=serve, args=(there, TINY, None))
    thread.start()
    assert here.recv() == Ready("cpu", "tiny")
    here.send(Cancel("long gone"))
    for folder in ("one", "two"):
        here.send(task_of(clip(tmp_path / "a.wav", 0.5), tmp_path / folder))
        while isinstance(message := here.recv(), Progressed):
            pass
        assert isinstance(message, Finished)
    here.close()
    thread.join(10)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("recipe", "message"),
    [(replace(TINY, device="tpu"), "device 'tpu': unknown"), (replace(TINY, hop_s=1e6), "hop")],
)
def test_a_worker_that_cannot_begin(recipe: Recipe, message: str):
    here, there = multiprocessing.Pipe()
    serve(there, recipe, None)
    answer = here.recv()
    assert isinstance(answer, Unable)
    assert message in str(answer.error)
    here.close()
    there.close()
