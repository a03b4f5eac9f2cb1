"""A sitting from sound to events: the same as offline on the same windows, at any speed of the machine."""

import gc
import math
from functools import partial

import numpy as np
import pytest
import soundfile

from pianotrans.audio import resample
from pianotrans.errors import LiveError
from pianotrans.events import load_midi
from pianotrans.inference.transcriber import Transcriber
from pianotrans.live.decisions import Begun, Ended, decide
from pianotrans.live.plan import LivePlan
from pianotrans.live.session import Sitting, measured
from pianotrans.live.sources import FileSource
from pianotrans.live.windows import SoundWindow, hear

from .made import NUMBERS, PLAN, RATE, Played, Stopped, hears, write_song


@pytest.fixture(scope="module")
def tiny():
    return Transcriber("tiny", device="cpu", precision="float32", tuning="off").model


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write_song(tmp_path_factory.mktemp("live") / "song.wav")


class Machine:
    """Hears with a model, takes some time for it, and notes where the windows ended."""

    def __init__(self, model, time: Stopped, takes_s: list[float]):
        self._hear, self._time, self._takes_s = partial(hear, model), time, takes_s
        self.end_frames: list[int] = []

    def __call__(self, window: SoundWindow):
        self._time.sleep(self._takes_s[len(self.end_frames) % len(self._takes_s)])
        self.end_frames.append(window.end_frame)
        return self._hear(window)


def sit(path, model, takes_s, pace=1.0, plan=None):
    """A sitting to its end: its events, the sitting, its machine, and what was said."""
    time, words = Stopped(), []
    machine = Machine(model, time, takes_s)
    source = FileSource(path, pace, time)
    plan = plan or LivePlan.of(model.config)
    sitting = Sitting(source, machine, plan, model.config.tracks.numbers, words.append, time)
    events = [event for moment in sitting.moments() for event in moment.events]
    source.close()
    return events, sitting, machine, words


@pytest.mark.parametrize("takes_s", [[0.0], [0.3, 1.1, 0.6]], ids=["fast", "slow"])
def test_live_is_offline_on_the_same_windows(path, tiny, takes_s):
    events, sitting, machine, _ = sit(path, tiny, takes_s)
    samples, _ = soundfile.read(path, dtype="float32", always_2d=True)
    plan = sitting.plan
    (whole,) = resample([samples.T], RATE, plan.sample_rate, 1)
    whole = np.pad(whole, ((0, 0), (0, plan.frame_samples)))

    def cut(end_frame: int) -> SoundWindow:
        sound = whole[:, plan.first_frame(end_frame) * plan.frame_samples : end_frame * plan.frame_samples]
        return SoundWindow(end_frame, np.pad(sound, ((0, 0), (0, plan.heard_samples - sound.shape[1]))))

    windows = map(cut, machine.end_frames)
    offline = decide((hear(tiny, window) for window in windows), plan, tiny.config.tracks.numbers)
    assert events == [*offline]
    assert events
    assert len({b - a for a, b in zip(machine.end_frames, machine.end_frames[1:], strict=False)}) > 1


def test_a_take_holds_all_that_was_given_out(path, tiny):
    events, sitting, _, words = sit(path, tiny, [0.0], pace=math.inf)
    performance = sitting.performance("tiny")
    assert not words
    assert performance.duration_s == pytest.approx(4.0, abs=2 * sitting.plan.frame_s)
    begun = sorted((event.onset_s, event.number) for event in events if isinstance(event, Begun))
    of_notes = [(note.onset_s, note.key) for note in performance.notes]
    assert sorted(of_notes + [(pedal.onset_s, -pedal.controller) for pedal in performance.pedals]) == begun
    assert of_notes


def test_a_slow_machine_widens_the_hop_and_says_so_once(path, tiny):
    events, sitting, machine, words = sit(path, tiny, [1.2])
    apart_s = np.diff(machine.end_frames) * sitting.plan.frame_s
    assert apart_s[:-1] == pytest.approx(1.2, abs=0.1)
    assert len(machine.end_frames) < 6
    assert len(words) <= 1
    assert sitting.lost_s == 0
    assert events


def test_a_machine_that_is_much_too_slow_says_what_is_lost(path, tiny):
    _, sitting, _, words = sit(path, tiny, [3.5])
    assert sitting.lost_s > 0
    assert f"{sitting.lost_s:.1f} s" in words[-1]


def test_the_hop_suits_the_machine(tiny):
    plan = LivePlan.of(tiny.config)
    for takes_s in (0.0, 2.0):
        time = Stopped()
        found = measured(plan, Machine(tiny, time, [takes_s]), 1, time)
        assert found.hop_s >= max(plan.hop_s, takes_s)
        assert found.hop_s <= max(plan.hop_s, 1.2 * takes_s + plan.frame_s)


# Without a model


def blocks(n: int, samples: int = 50):
    return [np.full((1, samples), 0.1, np.float32)] * n


def sitting_of(source, spans):
    return Sitting(source, hears(spans), PLAN, NUMBERS)


def test_what_was_played_before_a_device_failed_is_kept():
    sitting = sitting_of(Played(blocks(20), PLAN.sample_rate, LiveError("gone")), [(1, 20, 500), (2, 30, 50)])
    with pytest.raises(LiveError, match=r"gone"):
        for _ in sitting.moments():
            pass
    (end,) = sitting.end().events
    assert isinstance(end, Ended)
    performance = sitting.performance("x")
    assert [note.key for note in performance.notes] == [60, 61]
    assert performance.notes[0].offset_s == pytest.approx(1.0)


def test_stopping_keeps_the_last_note():
    source = Played(blocks(1000), PLAN.sample_rate)
    sitting = sitting_of(source, [(1, 20, 5000)])
    for moment in sitting.moments():
        if moment.heard_s >= 1.0:
            source.stop()
    assert [note.offset_s for note in sitting.performance("x").notes] == [pytest.approx(1.0)]


def test_an_hour_of_silence_takes_no_memory():
    source = Played([np.zeros((1, 600), np.float32)] * 6000, PLAN.sample_rate)
    moments = sitting_of(source, []).moments()
    next(moments)
    gc.collect()
    n_objects = len(gc.get_objects())
    for moment in moments:
        assert not moment.events
    assert moment.heard_s == 3600
    gc.collect()
    # One object kept of each of the 6000 blocks would be told; other tests of the process leave some behind, too.
    assert len(gc.get_objects()) < n_objects + 3000


def test_a_take_is_written_and_read(tmp_path):
    sitting = sitting_of(Played(blocks(20), PLAN.sample_rate), [(1, 20, 50), (0, 30, 60)])
    for _ in sitting.moments():
        pass
    sitting.performance("x").save(tmp_path / "take.mid")
    take = load_midi(tmp_path / "take.mid")
    assert [(note.key, round(note.onset_s, 2)) for note in take.notes] == [(60, 0.2)]
    assert [pedal.kind for pedal in take.pedals] == ["sustain"]
