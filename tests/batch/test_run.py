"""Runs over collections: what is done, what is not done again, what is nobody's to overwrite."""

import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from pianotrans.audio import Reading
from pianotrans.batch import End, Ledger, Options, Run
from pianotrans.batch import run as run_module
from pianotrans.batch.entry import EntryState, Figures
from pianotrans.batch.owners import Owner
from pianotrans.errors import LedgerError, ModelError, WorkerError
from pianotrans.events import Durations, Fitting
from pianotrans.workers.messages import Died, Failed, Message, Ready, Task, Unable
from pianotrans.workers.pool import Report

from .making import TINY, Noted, ScriptedPool, collection, failed, finished, run

NAMES = ("a.wav", "b.wav", "disc/a.wav", "disc/[x] 練習 №1.wav")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def ends(outcomes: dict) -> dict[str, End]:
    return {name: outcome.end for name, outcome in outcomes.items()}


def state(out: Path, name: str) -> EntryState:
    with Ledger(out) as ledger:
        return ledger.entry(name).state


def test_all_is_done_once(tmp_path: Path, out: Path):
    items = collection(tmp_path, *NAMES)
    outcomes, pool = run(items, out)
    assert ends(outcomes) == dict.fromkeys(NAMES, End.done)
    assert pool.given == list(NAMES)
    for item in items:
        assert item.outputs["mid"].read_text() == f"MIDI of recording {item.name}"
    watcher = Noted()
    outcomes, pool = run(items, out, watcher=watcher)
    assert ends(outcomes) == dict.fromkeys(NAMES, End.done_before)
    assert {outcome.audio_s for outcome in outcomes.values()} == {10.0}
    assert (pool.given, pool.is_started) == ([], False)
    assert watcher.calls == [("surveyed", 0, 4, 0)]


def test_nothing_to_do(out: Path):
    assert run([], out)[0] == {}


def test_the_watcher_is_told(tmp_path: Path, out: Path):
    watcher = Noted()
    run(collection(tmp_path, "a.wav", "b.wav"), out, watcher=watcher)
    assert watcher.calls == [
        ("surveyed", 2, 0, 0),
        ("started", "a.wav"),
        ("ended", "a.wav", End.done),
        ("started", "b.wav"),
        ("ended", "b.wav", End.done),
    ]


# What is done again


@pytest.mark.parametrize(
    "change",
    [
        {"hop_s": 2.0},
        {"fitting": Fitting(pedal=False)},
        {"fitting": Fitting(Durations.sounding)},
        {"reading": Reading(allow_damaged=True)},
        {"formats": ("mid", "csv")},
    ],
    ids=str,
)
def test_other_settings(tmp_path: Path, out: Path, change: dict):
    items = collection(tmp_path, *NAMES)
    run(items, out)
    outcomes, _ = run(items, out, ScriptedPool(lambda t: replace(finished(t), contents={"mid": b"new"})),
                      replace(TINY, **change))  # fmt: skip
    assert ends(outcomes) == dict.fromkeys(NAMES, End.done)
    assert {item.outputs["mid"].read_bytes() for item in items} == {b"new"}


def test_another_device_is_no_other_setting():
    assert TINY.fingerprint() == replace(TINY, device="auto").fingerprint()


def test_another_recording_of_the_same_name(tmp_path: Path, out: Path):
    items = collection(tmp_path, *NAMES)
    run(items, out)
    items[1].source.write_text("recording B.wav")  # as long as before
    _, pool = run(items, out)
    assert pool.given == ["b.wav"]
    assert items[1].outputs["mid"].read_text() == "MIDI of recording B.wav"


def test_the_same_content_at_another_time_is_the_same_recording(tmp_path: Path, out: Path):
    items = collection(tmp_path, *NAMES)
    run(items, out)
    os.utime(items[0].source, ns=(1, 1))
    assert run(items, out)[1].given == []
    with Ledger(out) as ledger:
        assert ledger.entry("a.wav").identity.mtime_ns == 1


def test_a_collection_that_has_moved(tmp_path: Path, out: Path):
    items = collection(tmp_path, *NAMES)
    run(items, out)
    (tmp_path / "in").rename(tmp_path / "elsewhere")
    moved = [replace(item, source=tmp_path / "elsewhere" / item.name) for item in items]
    assert run(moved, out)[1].given == []


def test_an_output_that_is_gone(tmp_path: Path, out: Path):
    items = collection(tmp_path, *NAMES)
    run(items, out)
    items[2].outputs["mid"].unlink()
    assert run(items, out)[1].given == ["disc/a.wav"]
    assert items[2].outputs["mid"].is_file()


def test_more_recordings(tmp_path: Path, out: Path):
    run(collection(tmp_path, *NAMES[:2]), out)
    assert run(collection(tmp_path, *NAMES), out)[1].given == list(NAMES[2:])


# What is nobody's to overwrite


def test_a_foreign_file_is_kept_unless_told_otherwise(tmp_path: Path, out: Path):
    items = collection(tmp_path, *NAMES)
    path = items[0].outputs["mid"]
    path.parent.mkdir()
    path.write_text("mine")
    for _ in range(2):
        outcomes, _ = run(items, out)
        assert outcomes["a.wav"].end is End.refused
        assert outcomes["a.wav"].error == f"{path}: already exists. Pass --overwrite to replace it."
        assert path.read_text() == "mine"
        assert outcomes["b.wav"].is_good
    assert run(items, out, overwrite=True)[1].given == ["a.wav"]
    assert path.read_text() == "MIDI of recording a.wav"
    assert run(items, out, overwrite=True)[1].given == []


def test_an_output_that_somebody_has_worked_on(tmp_path: Path, out: Path):
    items = collection(tmp_path, "a.wav")
    run(items, out)
    path = items[0].outputs["mid"]
    path.write_text("corrected by hand")
    assert run(items, out)[0]["a.wav"].end is End.done_before
    outcomes, _ = run(items, out, recipe=replace(TINY, fitting=Fitting(pedal=False)))
    assert outcomes["a.wav"].error == (
        f"{path}: already exists and has been changed since it was written. Pass --overwrite to replace it."
    )
    assert path.read_text() == "corrected by hand"


def test_another_collection_with_the_same_names(tmp_path: Path, out: Path):
    first = collection(tmp_path, "a.wav")
    run(first, out)
    second = collection(tmp_path / "second", "a.wav")
    second[0].source.write_text("something else")
    second = [replace(second[0], outputs=first[0].outputs)]
    outcomes, _ = run(second, out)
    assert outcomes["a.wav"].end is End.refused
    assert f"already exists, made from {first[0].source}. Pass --overwrite" in outcomes["a.wav"].error
    assert run(first, out)[0]["a.wav"].end is End.done_before
    assert run(second, out, overwrite=True)[0]["a.wav"].end is End.done
    assert run(first, out)[0]["a.wav"].end is End.refused


def test_a_file_that_appears_meanwhile(tmp_path: Path, out: Path):
    items = collection(tmp_path, "a.wav", "b.wav")
    path = items[0].outputs["mid"]

    def slowly(task: Task) -> Message:
        path.write_text("mine")
        return finished(task)

    outcomes, _ = run(items[:1], out, ScriptedPool(slowly))
    assert outcomes["a.wav"].end is End.failed
    assert "already exists. Pass --overwrite" in outcomes["a.wav"].error
    assert path.read_text() == "mine"
    assert state(out, "a.wav") is EntryState.waiting  # it is not the recording's fault
    path.unlink()
    assert run(items, out)[0]["a.wav"].end is End.done


# Failures


def test_a_failure_does_not_stop_the_rest_and_is_not_tried_again(tmp_path: Path, out: Path):
    items = collection(tmp_path, *NAMES)
    answer = lambda task: failed(task) if task.name == "b.wav" else finished(task)  # noqa: E731
    outcomes, _ = run(items, out, ScriptedPool(answer))
    assert ends(outcomes) == dict.fromkeys(NAMES, End.done) | {"b.wav": End.failed}
    assert (outcomes["b.wav"].error, outcomes["b.wav"].trace) == (f"{items[1].source}: no good.", "trace")
    outcomes, pool = run(items, out)
    assert pool.given == []
    assert (outcomes["b.wav"].end, outcomes["b.wav"].error) == (End.failed_before, f"{items[1].source}: no good.")
    items[1].source.write_text("better")
    assert run(items, out)[1].given == ["b.wav"]


@pytest.mark.parametrize(
    "again", [{"retry_failed": True}, {"recipe": replace(TINY, reading=Reading(allow_damaged=True))}]
)
def test_failures_are_tried_again_where_asked_or_promising(tmp_path: Path, out: Path, again: dict):
    items = collection(tmp_path, *NAMES)
    run(items, out, ScriptedPool(failed))
    assert run(items[:1], out, **again)[1].given == ["a.wav"]
    assert run(items[:1], out, **again)[1].given == []


@pytest.mark.skipif(os.name != "posix", reason="names are text there")
def test_a_failure_of_any_name_can_be_kept(tmp_path: Path, out: Path):
    names = [os.fsdecode(name) for name in (b"caf\xe9.flac", b"caf\\udce9.flac", b"a\nb.flac", b"ok.flac")]
    items = collection(tmp_path, *names)
    outcomes, _ = run(items, out, ScriptedPool(failed))
    assert len(outcomes) == len(names)
    with Ledger(out) as ledger:
        errors = {entry.name: entry.error for entry in ledger.entries()}
    assert set(errors) == set(outcomes)
    assert all(error.isprintable() and "no good" in error for error in errors.values())
    assert set(ends(run(items, out)[0]).values()) == {End.failed_before}


def test_a_recording_that_vanishes_under_the_worker(tmp_path: Path, out: Path):
    items = collection(tmp_path, "a.wav", "b.wav")

    def answer(task: Task) -> Message:
        if task.name == "a.wav":
            task.source.rename(tmp_path / "away.wav")
            return failed(task)
        return finished(task)

    outcomes, _ = run(items, out, ScriptedPool(answer))
    assert ends(outcomes) == {"a.wav": End.failed, "b.wav": End.done}
    (tmp_path / "away.wav").rename(items[0].source)
    assert run(items, out)[0]["a.wav"].end is End.done  # it was not its fault


def test_a_run_with_other_settings_is_refused_while_one_is_at_work(tmp_path: Path, out: Path):
    items = collection(tmp_path, "a.wav", "b.wav")
    other = replace(TINY, fitting=Fitting(pedal=False))
    refused: list[str] = []

    def answer(task: Task) -> Message:
        if not refused:
            with pytest.raises(LedgerError, match=rf"{out}: .*other settings") as caught:
                run(items, out, recipe=other)
            refused.append(str(caught.value))
        return finished(task)

    outcomes, _ = run(items, out, ScriptedPool(answer))
    assert set(ends(outcomes).values()) == {End.done}
    assert str(os.getpid()) in refused[0]
    assert set(ends(run(items, out, recipe=other)[0]).values()) == {End.done}  # after its end


def test_a_run_that_was_interrupted_is_in_nobodys_way(tmp_path: Path, out: Path):
    items = collection(tmp_path, "a.wav")
    with pytest.raises(KeyboardInterrupt):
        run(items, out, ScriptedPool(lambda _: KeyboardInterrupt()))
    assert set(ends(run(items, out, recipe=replace(TINY, fitting=Fitting(pedal=False)))[0]).values()) == {End.done}


def test_a_recording_that_vanishes(tmp_path: Path, out: Path):
    items = collection(tmp_path, "a.wav", "b.wav")
    items[0].source.unlink()
    outcomes, _ = run(items, out)
    assert (outcomes["a.wav"].end, outcomes["b.wav"].end) == (End.refused, End.done)
    assert "a.wav: no such file." in outcomes["a.wav"].error


def test_a_worker_that_dies_gets_a_second_chance(tmp_path: Path, out: Path):
    items = collection(tmp_path, *NAMES)
    deaths = iter([Died(-9)])
    outcomes, pool = run(items, out, ScriptedPool(lambda task: next(deaths, None) or finished(task)))
    assert ends(outcomes) == dict.fromkeys(NAMES, End.done)
    assert pool.given == ["a.wav", *NAMES]


def test_but_no_third(tmp_path: Path, out: Path):
    items = collection(tmp_path, *NAMES)
    answer = lambda task: Died(-9) if task.name == "b.wav" else finished(task)  # noqa: E731
    outcomes, pool = run(items, out, ScriptedPool(answer))
    assert pool.given.count("b.wav") == 2
    assert outcomes["b.wav"].error == (
        f"{items[1].source}: the worker process died 2 times while working on it (killed by signal 9, usually for "
        "lack of memory). Free some memory or use fewer --jobs, then pass --retry-failed."
    )
    assert run(items, out)[0]["b.wav"].end is End.failed_before


@pytest.mark.parametrize(("code", "reason"), [(-11, "ended by signal 11"), (3, "ended with exit code 3")])
def test_other_deaths(code: int, reason: str):
    assert Died(code).reason == reason


def test_a_worker_that_cannot_begin_stops_the_run(tmp_path: Path, out: Path):
    items = collection(tmp_path, *NAMES)
    with pytest.raises(ModelError, match="no weights there"):
        run(items, out, ScriptedPool(lambda _: Unable(ModelError("no weights there"))))
    assert {state(out, name) for name in NAMES} == {EntryState.waiting}


def test_jobs_on_a_gpu_are_told_to_be_one(tmp_path: Path, out: Path):
    class Lines(Noted):
        def said(self, line: str) -> None:
            self.calls.append(("said", line))

    class OnGpu(ScriptedPool):
        def listen(self, timeout_s: float):
            yield Report(None, Ready("cuda:0", "tiny"))
            yield from super().listen(timeout_s)

    for n_jobs, n_said in ((1, 0), (2, 1)):
        watcher = Lines()
        run(collection(tmp_path, f"{n_jobs}.wav"), out, OnGpu(), watcher=watcher, n_jobs=n_jobs)
        said = [call for call in watcher.calls if call[0] == "said"]
        assert said == [("said", "One process does all the work on cuda:0; --jobs has no effect.")] * n_said


def test_a_worker_that_dies_before_it_works_stops_the_run(tmp_path: Path, out: Path):
    class Stillborn(ScriptedPool):
        def listen(self, timeout_s: float):  # noqa: ARG002
            yield None, Died(-9)

    with pytest.raises(WorkerError, match=r"^worker process: killed by signal 9.*, before it was ready\. Free"):
        run(collection(tmp_path, "a.wav"), out, Stillborn())


# Interruptions


def test_an_interruption_gives_back_what_was_begun(tmp_path: Path, out: Path):
    items = collection(tmp_path, *NAMES)
    answer = lambda task: KeyboardInterrupt() if task.name == "disc/a.wav" else finished(task)  # noqa: E731
    with pytest.raises(KeyboardInterrupt):
        run(items, out, ScriptedPool(answer))
    assert [state(out, name) for name in NAMES] == [
        EntryState.done,
        EntryState.done,
        EntryState.waiting,
        EntryState.waiting,
    ]
    assert run(items, out)[1].given == list(NAMES[2:])


@pytest.mark.parametrize("point", ["announce", "write", "finish"])
def test_killed_while_delivering(tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch, point: str):
    """After each step the process is gone, and cannot give back anything: the next run knows what is its own."""
    items = collection(tmp_path, *NAMES)
    run(items, out, recipe=replace(TINY, fitting=Fitting(pedal=False)))  # older outputs are in the way, too
    from pianotrans.batch import delivery

    class Killed(BaseException):
        pass

    place = delivery if point == "write" else Ledger
    step = getattr(place, point)

    def last_step(*arguments, **options):
        step(*arguments, **options)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(place, point, last_step)
        patch.setattr(Ledger, "release_all", lambda _: None)
        patch.setattr(Owner, "this", lambda: Owner("gone", 1, "x"))
        new = ScriptedPool(lambda task: replace(finished(task), contents={"mid": b"new"}))
        with pytest.raises(Killed):
            run(items, out, new)
    monkeypatch.setattr("pianotrans.batch.owners.LEASE_S", -1.0)
    outcomes, pool = run(items, out)
    assert all(outcome.is_good for outcome in outcomes.values())
    assert pool.given == list(NAMES[1:] if point == "finish" else NAMES)


def test_what_a_killed_writer_left_is_swept_away(tmp_path: Path, out: Path):
    items = collection(tmp_path, "a.wav")
    with Ledger(out, Owner("gone", 1, "x"), clock=lambda: 0.0) as ledger:
        ledger.enrol(["a.wav"])
        ledger.claim(ledger.entry("a.wav"), run_module.identify(items[0].source), "s")
    old, young = out / ".pianotrans-0123456789abcdef.tmp", out / ".pianotrans-fedcba9876543210.tmp"
    for path in (old, young):
        path.touch()
    os.utime(old, (1, 1))
    run(items, out)
    assert not old.exists()
    assert young.exists()  # somebody may be writing it


def test_a_ledger_that_fails_stops_the_run(tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*arguments: object) -> None:
        raise LedgerError("full")

    monkeypatch.setattr(Ledger, "finish", full)
    with pytest.raises(LedgerError, match="full"):
        run(collection(tmp_path, *NAMES), out)


# Sharing


def test_what_another_run_is_at_is_left_to_it(tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(run_module, "_LOOK_AGAIN_S", 0.0)
    items = collection(tmp_path, *NAMES)
    other = Ledger(out, Owner("another machine", 1, "x"))
    other.enrol(["b.wav"])
    assert other.claim(other.entry("b.wav"), run_module.identify(items[1].source), TINY.fingerprint())
    watcher = Noted()

    class Patient(ScriptedPool):
        n_listened = 0

        def listen(self, timeout_s: float):
            self.n_listened += 1
            if self.n_listened == 10:
                items[1].outputs["mid"].write_text("theirs")
                assert other.finish("b.wav", [], ["d"], Figures(1.0, 1.0, 1))
            return super().listen(timeout_s)

    outcomes, pool = run(items, out, Patient(), watcher=watcher)
    other.close()
    assert pool.given == ["a.wav", *NAMES[2:]]
    assert outcomes["b.wav"].end is End.done_before
    assert watcher.calls[0] == ("surveyed", 3, 0, 1)
    assert ("ended", "b.wav", End.done_before) in watcher.calls


def test_two_runs_at_once_do_everything_once(tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(run_module, "_LOOK_AGAIN_S", 0.01)
    items = collection(tmp_path, *(f"{i}.wav" for i in range(40)))
    out.mkdir()
    done, outcomes = [], []
    both = threading.Barrier(2)

    def answer(task: Task) -> Message:
        done.append(task.name)
        return finished(task)

    def go() -> None:
        with Ledger(out) as ledger:
            task = Run(items, TINY, ledger, Options(), None, lambda *_: ScriptedPool(answer, 3))  # type: ignore
            both.wait()
            outcomes.extend(task.go())

    threads = [threading.Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done) == sorted(item.name for item in items)
    assert sum(outcome.end is End.done for outcome in outcomes) == 40
    assert sum(outcome.end is End.done_before for outcome in outcomes) == 40


def test_a_result_that_comes_too_late_is_dropped(tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch):
    """Our lease had run out, asleep say; another run took over and is done. Nothing of ours is written."""
    monkeypatch.setattr(run_module, "_LOOK_AGAIN_S", 0.0)
    items = collection(tmp_path, "a.wav")

    def late(task: Task) -> Message:
        with Ledger(out, clock=lambda: 4e9) as other:
            entry = other.entry("a.wav")
            assert other.claim(entry, entry.identity, entry.settings)
            items[0].outputs["mid"].write_text("theirs")
            assert other.finish("a.wav", [], ["d"], Figures(1.0, 1.0, 1))
        return finished(task)

    outcomes, _ = run(items, out, ScriptedPool(late))
    assert outcomes["a.wav"].end is End.done_before
    assert items[0].outputs["mid"].read_text() == "theirs"


def test_a_failure_of_a_lost_claim_is_nobodys(tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(run_module, "_LOOK_AGAIN_S", 0.0)
    answers = [lambda _: Failed("why", "", 0.0), finished]

    def answer(task: Task) -> Message:
        if len(answers) == 2:
            with Ledger(out, clock=lambda: 4e9) as other:
                entry = other.entry("a.wav")
                assert other.claim(entry, entry.identity, entry.settings)
                assert other.release("a.wav")
        return answers.pop(0)(task)

    outcomes, pool = run(collection(tmp_path, "a.wav"), out, ScriptedPool(answer))
    assert outcomes["a.wav"].end is End.done
    assert pool.given == ["a.wav", "a.wav"]
