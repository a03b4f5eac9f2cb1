"""Whether a recording is solo piano."""

from dataclasses import replace

import numpy as np
import pytest

from pianotrans.events import Note, Performance
from pianotrans.inference.registry import default_model, find_model
from pianotrans.inference.solo_piano import (
    InstrumentJudgement,
    KeyLevels,
    PieceFigures,
    judge,
    remark_on_instrument,
)
from pianotrans.inference.transcriber import Transcriber
from pianotrans.remarks import NOT_SOLO_PIANO

RATE = 22_050
LENGTH_S = 10.0
KEYS = (57, 64, 69, 73)
WEIGHTS = find_model(default_model()).solo_piano or ()


def levels_of(sound: np.ndarray, n_blocks: int = 1) -> KeyLevels:
    levels = KeyLevels(RATE)
    for block in np.array_split(np.atleast_2d(sound.astype(np.float32)), n_blocks, axis=1):
        levels.push(block)
    return levels


def played(*, db_per_s: float, origin_s: float = 0.0, sureness: float = 1.0) -> tuple[Performance, np.ndarray]:
    """A tone every second, which rises by `db_per_s` or falls; it is silent before `origin_s`."""
    time_s = np.arange(round(LENGTH_S * RATE)) / RATE
    sound, notes = 0.001 * np.random.default_rng(0).standard_normal(len(time_s)), []
    for i in range(int(LENGTH_S)):
        key, since_s = KEYS[i % len(KEYS)], time_s - i
        hz = 440 * 2 ** ((key - 69) / 12)
        is_on = (since_s >= 0) & (since_s < 0.9)
        sound[is_on] += (0.1 * 10 ** (db_per_s * since_s / 20) * np.sin(2 * np.pi * hz * since_s))[is_on]
        notes.append(Note(origin_s + i, origin_s + i + 0.9, key, 64, sureness, sureness))
    return Performance(tuple(notes), (), origin_s + LENGTH_S), sound


def figures(performance: Performance, sound: np.ndarray, shift_keys: int = 0) -> PieceFigures:
    found = PieceFigures.of(performance, levels_of(sound), 0.0, shift_keys)
    assert found is not None
    return found


def judged(performance: Performance, sound: np.ndarray, origin_s: float = 0.0) -> InstrumentJudgement:
    return judge(performance, levels_of(sound), WEIGHTS, origin_s=origin_s)


def test_levels_are_those_of_the_keys_however_the_sound_is_cut():
    _, sound = played(db_per_s=-20)
    whole, pieces = (levels_of(sound, n).between(0, LENGTH_S) for n in (1, 37))
    np.testing.assert_array_equal(whole[1], pieces[1])
    middles_s, level = whole
    for second in range(int(LENGTH_S)):
        early = level[np.searchsorted(middles_s, second + 0.3)]
        assert early.argmax() == KEYS[second % len(KEYS)] - 45


def test_full_scale_is_about_zero_and_stereo_adds():
    time_s = np.arange(RATE) / RATE
    sine = np.sin(2 * np.pi * 440 * time_s)
    mono, stereo = (levels_of(sound).between(0, 1)[1].max() for sound in (sine, np.stack([sine, sine])))
    assert -15 < mono < 0
    assert stereo - mono == pytest.approx(3, abs=0.6)


@pytest.mark.parametrize("db_per_s", [-20, 0, 10])
def test_slopes(db_per_s: float):
    found = figures(*played(db_per_s=db_per_s))
    assert found.slope == pytest.approx(db_per_s / 10, abs=0.3)
    assert (found.not_falling > 0.5) == (db_per_s > -3)


def test_a_rise_without_an_onset_is_unexplained():
    performance, sound = played(db_per_s=-20)
    swelling = sound * (1 + np.sin(2 * np.pi * 3 * np.arange(len(sound)) / RATE))
    assert figures(performance, sound).unexplained < 0.1
    assert figures(Performance(duration_s=LENGTH_S), swelling).unexplained == 1


def test_piano_is_told_from_what_holds_its_sound():
    assert judged(*played(db_per_s=-20)).share == 0
    performance, sound = played(db_per_s=5, sureness=0.7)
    judgement = judged(performance, sound)
    assert judgement.share == 1
    (remark,) = remark_on_instrument(judgement)
    assert remark.kind == NOT_SOLO_PIANO
    assert remark.values == {"share": 1.0, "foreign_s": LENGTH_S}


def test_a_part_of_a_recording_and_a_piano_out_of_tune():
    performance, sound = played(db_per_s=5, origin_s=100.0, sureness=0.7)
    assert judged(performance, sound, origin_s=100.0).share == 1
    higher = Performance(
        tuple(Note(n.onset_s, n.offset_s, n.key - 2, 64, 1, 1) for n in performance.notes), (), 110
    )
    shifted, given = figures(_at_zero(higher), sound, 2), figures(_at_zero(performance), sound)
    assert shifted.slope == given.slope


def _at_zero(performance: Performance) -> Performance:
    notes = (Note(n.onset_s - 100, n.offset_s - 100, n.key, 64, 1, 1) for n in performance.notes)
    return Performance(tuple(notes), (), LENGTH_S)


@pytest.mark.parametrize("length_s", [0.0, 0.05, 30.0])
def test_silence_and_next_to_nothing(length_s: float):
    levels = levels_of(np.zeros(round(length_s * RATE)))
    judgement = judge(Performance(duration_s=length_s), levels, WEIGHTS)
    assert judgement.sounding_s == 0
    assert not list(remark_on_instrument(judgement))


def test_the_transcriber_remarks_on_it():
    _, sound = played(db_per_s=-20)
    for confidence, expected in ((True, [NOT_SOLO_PIANO]), (False, [])):
        transcriber = Transcriber("tiny", device="cpu", precision="float32", tuning="off", confidence=confidence)
        assert transcriber.entry.solo_piano is None, "the tiny model has not been measured"
        transcriber.entry = replace(transcriber.entry, solo_piano=(100.0, 0, 0, 0, 0, 0))
        performance = transcriber.transcribe(sound, RATE)
        kinds = [one["kind"] for one in performance.to_dict().get("remarks", [])]
        assert [kind for kind in kinds if kind != "nothing found"] == (expected if performance.n_notes else [])
