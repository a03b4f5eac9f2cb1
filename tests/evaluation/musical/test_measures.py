"""Musical measures against mpteval 1.1 (golden values; see make_golden.py), against partitura, and by hand."""

import json
from pathlib import Path

import numpy as np
import pytest

from pianotrans.evaluation.musical import MUSICAL_MEASURES, musical_measures
from pianotrans.evaluation.musical.streams import correlate, hold, split_streams
from pianotrans.evaluation.musical.tension import find_tension, spell_by_context
from pianotrans.evaluation.tables import EventTable
from pianotrans.events import Durations, Performance, load_midi
from tests.agreement import recordings
from tests.evaluation.making import crowd, heard, note, performance, table

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text())


def both(one: Performance) -> tuple[EventTable, ...]:
    return tuple(EventTable.of_notes(one, durations) for durations in (Durations.sounding, Durations.keys))


def measures(reference: Performance, estimate: Performance) -> dict[str, float | None]:
    return musical_measures(both(reference), both(estimate))


@pytest.mark.shared
@pytest.mark.parametrize("number", range(11))
def test_real_recordings_as_by_mpteval(number, shared):
    """mpteval computes with single precision: a note at the very edge of a window may fall on either side."""
    one = recordings(shared)[number]
    ours = measures(load_midi(one.truth), load_midi(one.reference))
    theirs = GOLDEN[one.truth.stem]
    assert set(ours) - set(theirs) == {"timing ratio"}
    for name, value in theirs.items():
        assert ours[name] == pytest.approx(value, abs=1e-2 if name.startswith("harmony") else 5e-5), name


@pytest.mark.filterwarnings("ignore:module 'sre_:DeprecationWarning")  # of lark, which partitura imports
@pytest.mark.parametrize("seed", range(3))
def test_spelling_and_tension_as_by_partitura(seed):
    from partitura.musicanalysis import estimate_spelling
    from partitura.musicanalysis.tonal_tension import estimate_tonaltension

    notes = split_streams(EventTable.of_notes(crowd(seed, n_notes=90, duration_s=15.0, n_keys=30))).everything
    kinds = [("onset_sec", float), ("duration_sec", float), ("pitch", int), ("velocity", int), ("id", "U8")]
    columns = (
        notes.onsets_s,
        notes.offsets_s - notes.onsets_s,
        notes.keys,
        notes.velocities,
        np.arange(len(notes)),
    )
    array = np.array(list(zip(*columns, strict=True)), dtype=kinds)
    spelled = estimate_spelling(array)
    letters = dict(zip("FCGDAEB", range(-1, 6), strict=True))
    theirs = [letters[step] + 7 * int(alter) for step, alter in zip(spelled["step"], spelled["alter"], strict=True)]
    assert spell_by_context(notes.keys).tolist() == theirs

    with pytest.warns(UserWarning, match="Estimating"):
        expected = estimate_tonaltension(array, 5, 1)
    found = find_tension(notes)
    assert found.diameter == pytest.approx(expected["cloud_diameter"], abs=1e-5)
    assert found.momentum == pytest.approx(expected["cloud_momentum"], abs=1e-5)
    assert found.strain == pytest.approx(expected["tensile_strain"], abs=1e-5)


def test_streams_by_hand():
    chord = [note(1.0, 2, key) for key in (40, 50, 70)]
    late = note(1.031, 2, 80)  # more than 30 ms after the chord
    low = note(3.0, 4, 55)
    streams = split_streams(table(*chord, late, low))
    assert streams.melody.keys.tolist() == [70, 80]
    assert streams.bass.keys.tolist() == [40]
    assert streams.lower.keys.tolist() == [40, 50]
    rolled = split_streams(table(*(note(1 + 0.02 * i, 2, 60 + i) for i in range(4))))  # 60 ms from first to last
    assert (rolled.bass.keys.tolist(), rolled.melody.keys.tolist()) == ([60], [62, 63])


def test_curves_hold_until_the_next_onset():
    at_s = np.array([0.5, 1, 1.5, 2, 2.5])
    assert hold(np.array([1.0, 2.0]), np.array([5.0, 6.0]), at_s, -1).tolist() == [-1, 5, 5, 6, -1]
    assert hold(np.array([1.0]), np.array([5.0]), at_s, -1).tolist() == [5] * 5
    assert correlate(np.array([1.0, 1.0]), np.array([1.0, 2.0])) is None
    assert correlate(np.array([1.0, 2.0, 4.0]), np.array([2.0, 4.0, 8.0])) == pytest.approx(1)


def test_the_ratio_of_timing_by_hand():
    """Melody at 1, 2 and 4 s with lower notes, and a low note alone at 3 s; the estimate lacks two low notes."""
    melody = [note(t, t + 1, 72) for t in (1, 2, 4)]
    played = performance(*melody, *(note(t, t + 2, 48) for t in (1, 2, 3, 4)))
    found = performance(*melody, *(note(t, t + 2, 48) for t in (1, 4)))
    truth = [1 / 1, 2 / 2, 2 / 2, 1 / 2]  # intervals of the melody over the lower ones, at 1, 2, 3 and 4 s
    heard_as = [1 / 3, 2 / 3, 2 / 3, 1 / 2]
    expected = np.corrcoef(truth, heard_as)[0, 1]
    assert measures(played, found)["timing ratio"] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_the_same_twice_correlates_fully_and_noise_less(seed):
    played = crowd(seed, n_notes=200, duration_s=30.0, n_keys=40)
    same, noisy = measures(played, played), measures(played, heard(played, seed))
    assert list(same) == list(MUSICAL_MEASURES)
    without_pedal = [name for name in same if not name.endswith("127")]
    assert [same[name] for name in without_pedal] == pytest.approx([1.0] * len(without_pedal))
    assert all(noisy[name] is not None and noisy[name] < 0.999 for name in noisy)


def test_one_voice_has_melody_and_nothing_else():
    rng = np.random.default_rng(0)
    onsets_s = np.cumsum(rng.uniform(0.2, 1, 20))
    line = performance(*(note(t, t + 0.1, int(k)) for t, k in zip(onsets_s, rng.integers(61, 90, 20), strict=True)))
    found = measures(line, line)
    assert found["timing melody"] == pytest.approx(1)
    assert (found["timing bass"], found["timing ratio"], found["articulation bass 64"]) == (None, None, None)


@pytest.mark.parametrize(
    "sides",
    [
        (performance(), performance(note(1, 2))),
        (performance(note(1, 2)), performance()),
        (performance(), performance()),
    ],
)
def test_silence_has_no_music(sides):
    assert measures(*sides) == dict.fromkeys(MUSICAL_MEASURES)
    assert spell_by_context(np.zeros(0, int)).tolist() == []


def test_single_notes_do_no_harm():
    one = performance(note(1, 2))
    assert set(measures(one, one).values()) == {None}
    assert set(measures(one, performance(note(3, 3.1, 30), note(3, 4, 80)))) == set(MUSICAL_MEASURES)
