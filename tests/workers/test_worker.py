"""What a worker does with a recording, in this process: the same contents wherever it works."""

import multiprocessing
import os
import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pianotrans.audio import Reading
from pianotrans.errors import DeviceError, UsageError
from pianotrans.events import Fitting, Performance
from pianotrans.inference.transcriber import Transcriber
from pianotrans.score.settings import ScoreSettings
from pianotrans.workers import worker as worker_module
from pianotrans.workers.formats import FORMATS
from pianotrans.workers.messages import (
    Cancel,
    Decided,
    Failed,
    Finished,
    Progressed,
    Ready,
    Stopped,
    Task,
    Unable,
)
from pianotrans.workers.recipe import Recipe
from pianotrans.workers.rendering import render
from pianotrans.workers.worker import do_task, serve
from tests.batch.making import TINY
from tests.commands.driving import clip, noise, transcribe, write

ALL = replace(TINY, scoring=ScoreSettings(), formats=tuple(FORMATS))


@pytest.fixture(scope="module")
def transcriber() -> Transcriber:
    return Transcriber("tiny", device="cpu", precision="float32")


class Signal:
    """A cancel signal that is set, or raises an error, from the n-th question on."""

    def __init__(self, n: int, error: BaseException | None = None):
        self.n, self.error = n, error

    def is_set(self) -> bool:
        self.n -= 1
        if self.n <= 0 and self.error is not None:
            raise self.error
        return self.n <= 0


def failure(answer: object) -> str:
    assert isinstance(answer, Failed)
    assert "\n" not in answer.error
    return answer.error


def test_a_task(tmp_path: Path, transcriber: Transcriber):
    path, told = clip(tmp_path / "a.wav"), []
    recipe = replace(TINY, formats=("mid", "json"), fitting=Fitting(pedal=False))
    answer = do_task(transcriber, recipe, Task("a.wav", path), told.append)
    heard, contents = render(transcriber.transcribe(path), recipe, path)
    assert isinstance(answer, Finished)
    assert answer.contents == contents
    assert (answer.audio_s, answer.n_notes, answer.n_pedals) == (2.0, heard.n_notes, 0)
    assert answer.took_s > 0
    assert {type(message) for message in told} == {Progressed}
    assert (told[0].done_s, told[-1].done_s, told[-1].total_s) == (0.0, 2.0, 2.0)


def test_what_is_decided_is_told_if_it_is_followed(tmp_path: Path, transcriber: Transcriber):
    path, told = clip(tmp_path / "a.wav"), []
    answer = do_task(transcriber, TINY, Task("a.wav", path, is_followed=True), told.append)
    decided = [message for message in told if isinstance(message, Decided)]
    heard = transcriber.transcribe(path)
    assert Performance(
        tuple(note for one in decided for note in one.notes), tuple(p for one in decided for p in one.pedals), 2.0
    ) == replace(heard, remarks=(), candidates=(), made_by=None)
    final = [one.final_s for one in decided]
    assert (final, final[-1]) == (sorted(final), 2.0)
    assert replace(answer, took_s=0) == replace(do_task(transcriber, TINY, Task("a.wav", path), print), took_s=0)


@pytest.mark.parametrize("name", ['take"><script>.wav', "Prélude №1 – a.b.wav", "no\nsuffix"])
def test_a_recording_under_another_name_gives_the_bytes_of_the_command_line(
    tmp_path: Path, transcriber: Transcriber, name: str
):
    source = clip(tmp_path / "clip.wav").rename(tmp_path / name)
    assert transcribe(source, "--format", ",".join(FORMATS), "-q").exit_code == 0
    kept = tmp_path / "recording"
    kept.write_bytes(source.read_bytes())
    answer = do_task(
        transcriber, replace(ALL, max_duration_s=60.0), Task("0" * 32, kept, title=name), lambda _: None
    )
    assert isinstance(answer, Finished)
    assert answer.n_notes > 0
    for format_name, content in answer.contents.items():
        assert source.with_suffix(f".{format_name}").read_bytes() == content


def test_a_task_that_cannot_be_done(tmp_path: Path, transcriber: Transcriber, monkeypatch: pytest.MonkeyPatch):
    task = Task("a.wav", tmp_path / "a.wav")
    answer = do_task(transcriber, TINY, task, lambda _: None)
    assert failure(answer) == f"{task.source}: no such file. Check the path."
    assert answer.trace.startswith("Traceback")

    def fail(*arguments: object, **options: object) -> None:
        raise MemoryError("too\nmuch")

    monkeypatch.setattr(transcriber, "transcribe", fail)
    for title in (None, "song.mp3"):
        (tmp_path / "a.wav").touch()
        error = failure(do_task(transcriber, TINY, replace(task, title=title), lambda _: None))
        assert error.startswith(f"{title or task.source}: unexpected MemoryError: too much.")


def test_what_is_no_recording(tmp_path: Path, transcriber: Transcriber):
    path = tmp_path / "recording"
    path.write_bytes(b"MZ certainly no sound")
    error = failure(do_task(transcriber, TINY, Task("0" * 32, path, title="song\n.mp3"), lambda _: None))
    assert error.startswith("song .mp3: not an audio format")
    assert str(tmp_path) not in error


def test_a_file_that_is_gone_is_called_by_its_title(tmp_path: Path, transcriber: Transcriber):
    error = failure(do_task(transcriber, TINY, Task("0", tmp_path / "gone", title="song.mp3"), lambda _: None))
    assert error.startswith("song.mp3: cannot be read")


def test_a_damaged_recording_is_taken_if_the_recipe_says_so(tmp_path: Path, transcriber: Transcriber):
    whole = clip(tmp_path / "a.wav", 4.0).read_bytes()
    (tmp_path / "cut.wav").write_bytes(whole[: len(whole) // 2])
    task = Task("cut.wav", tmp_path / "cut.wav")
    assert "--allow-damaged" in failure(do_task(transcriber, TINY, task, lambda _: None))
    answer = do_task(
        transcriber, replace(TINY, reading=Reading(allow_damaged=True), max_duration_s=60.0), task, lambda _: None
    )
    assert isinstance(answer, Finished)
    assert answer.audio_s == pytest.approx(2.0, abs=0.1)


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


def limited(max_duration_s: float) -> Recipe:
    return replace(TINY, max_duration_s=max_duration_s)


def test_too_long_by_its_header(tmp_path: Path, transcriber: Transcriber):
    task, told = Task("long.wav", write(tmp_path / "long.wav", noise(10.0))), []
    error = failure(do_task(transcriber, limited(6.0), task, told.append))
    assert error.startswith("long.wav: 0.2 minutes or more; this server accepts at most 0.1 minutes")
    assert "--max-minutes" in error
    assert told == []
    assert isinstance(do_task(transcriber, limited(10.0), task, told.append), Finished)


def test_too_long_without_saying_so(tmp_path: Path, transcriber: Transcriber):
    task, told = Task("long.mp3", endless_mp3(tmp_path / "long.mp3", 10.0)), []
    assert "--max-minutes" in failure(do_task(transcriber, limited(6.0), task, told.append))
    assert told == []
    answer = do_task(transcriber, limited(11.0), task, told.append)
    assert isinstance(answer, Finished)
    assert answer.audio_s == pytest.approx(10.0, abs=0.2)
    assert {message.total_s for message in told} == {answer.audio_s}, "known before the work begins"


def test_too_long_although_the_header_says_otherwise(
    tmp_path: Path, transcriber: Transcriber, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(worker_module, "measure_s", lambda *_, **__: 1.0)
    task, told = Task("long.wav", write(tmp_path / "long.wav", noise(60.0))), []
    assert "--max-minutes" in failure(do_task(transcriber, limited(4.0), task, told.append))
    assert len(told) < 10, "not all of it was transcribed"
    assert {message.done_s for message in told} <= {0.0, 1.0}


@pytest.mark.parametrize("kind", ["wav", "mp3"])
@pytest.mark.parametrize("n", [1, 2])
def test_cancelled(tmp_path: Path, transcriber: Transcriber, kind: str, n: int):
    make = endless_mp3 if kind == "mp3" else lambda path, duration_s: write(path, noise(duration_s))
    task, told = Task("a", make(tmp_path / f"a.{kind}", 6.0)), []
    assert do_task(transcriber, limited(60.0), task, told.append, Signal(n)) == Stopped()
    assert len(told) <= n


def test_cancelled_while_the_results_are_made(tmp_path: Path, transcriber: Transcriber):
    task, stop = Task("a.wav", clip(tmp_path / "a.wav", 0.5)), threading.Event()

    def tell(progress: Progressed) -> None:
        if progress.done_s == progress.total_s:
            stop.set()

    assert do_task(transcriber, TINY, task, tell, stop) == Stopped()


def test_a_task_that_nobody_waits_for_any_more(tmp_path: Path, transcriber: Transcriber):
    task = Task("a.wav", clip(tmp_path / "a.wav"))

    def hung_up(_: Progressed) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        do_task(transcriber, TINY, task, hung_up)
    with pytest.raises(EOFError):
        do_task(transcriber, TINY, task, lambda _: None, Signal(1, EOFError()))


def test_the_whole_worker_in_a_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The main function of a process, without the seconds that one takes to load torch."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    here, there = multiprocessing.Pipe()
    thread = threading.Thread(target=serve, args=(there, TINY, 7))
    thread.start()
    assert here.recv() == Ready("cpu", "tiny")
    assert (os.environ["OMP_NUM_THREADS"], os.environ["NUMBA_NUM_THREADS"]) == ("1", "7")
    here.send(Cancel("long gone"))
    answers = []
    for name in ("one", "two", "stopped"):
        here.send(Task(name, clip(tmp_path / "a.wav", 0.5)))
        if name == "stopped":
            here.send(Cancel("another"))
            here.send(Cancel(name))
        while isinstance(message := here.recv(), Progressed):
            pass
        answers.append(type(message))
    assert answers == [Finished, Finished, Stopped]
    here.close()
    thread.join(10)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("recipe", "error", "message"),
    [
        (replace(TINY, device="tpu"), DeviceError, "device 'tpu': unknown"),
        (replace(TINY, hop_s=1e6), UsageError, "hop_s"),
    ],
)
def test_a_worker_that_cannot_begin(recipe: Recipe, error: type, message: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    here, there = multiprocessing.Pipe()
    serve(there, recipe, None)
    answer: Any = here.recv()
    assert isinstance(answer, Unable)
    assert isinstance(answer.error, error)
    assert message in str(answer.error)
    here.close()
    there.close()
