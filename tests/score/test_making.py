"""From a performance to its score, whole: known scores come back, and nothing breaks it."""

import json
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import pianotrans
from pianotrans.errors import ScoreError
from pianotrans.events import Note, Performance, load_midi
from pianotrans.score.beats.hints import BeatHints, GivenBeats
from pianotrans.score.making import make_score
from pianotrans.score.score import Score
from pianotrans.score.settings import ScoreSettings

from .playing import BPM, MELODIES, compose, known, parse, play, quarter_s, random_performance

# Known scores


@pytest.fixture(scope="module")
def waltz() -> Score:
    return make_score(play(compose("3/4", 8), quarter_s("3/4")), known("3/4"), title="Waltz")


def written(score: Score) -> set[tuple[Fraction, Fraction, int, int]]:
    """Position from bar 1 on, duration, key and staff of every note."""
    first = next(measure for measure in score.measures if measure.number == 1)
    return {(n.position - first.position, n.duration, n.spelling.key, n.staff) for n in score.notes}


@pytest.mark.parametrize("meter", MELODIES)
def test_a_metronomic_performance_gives_its_score_back(meter: str):
    tune = compose(meter, 8)
    score = make_score(play(tune, quarter_s(meter)), known(meter))
    assert score.is_found
    assert {measure.time_signature for measure in score.measures} == {parse(meter)}
    assert {measure.key_signature.fifths for measure in score.measures} == {0}
    assert written(score) == {(note.position, note.duration, note.key, note.staff) for note in tune}
    assert not any(note.is_grace or note.ornament or note.is_arpeggiated for note in score.notes)


def test_transposing_transposes_keys_and_spellings(waltz: Score):
    higher = make_score(play(compose("3/4", 8, 1), quarter_s("3/4")), known("3/4"))
    assert {measure.key_signature.fifths for measure in higher.measures} == {-5}
    assert {(p, d, key - 1, staff) for p, d, key, staff in written(higher)} == written(waltz)
    for note, there in zip(waltz.notes, higher.notes, strict=True):
        assert there.spelling.fifths - note.spelling.fifths == -5


def test_scaling_time_scales_beats(waltz: Score):
    slower = play(compose("3/4", 8), 1.1 * quarter_s("3/4"))
    score = make_score(slower, ScoreSettings(BeatHints(bpm=BPM / 1.1, meters=((1, parse("3/4")),), pickup=0)))
    assert written(score) == written(waltz)
    times_s = score.grid.times_s - score.grid.times_s[0]
    assert times_s.tolist() == pytest.approx(
        (1.1 * (waltz.grid.times_s - waltz.grid.times_s[0])).tolist(), abs=1e-3
    )


def test_every_note_is_written_once(waltz: Score):
    assert sorted(i for note in waltz.notes for i in note.performed) == list(range(waltz.performance.n_notes))
    assert len(waltz.hands) == waltz.performance.n_notes
    for note in waltz.notes:
        assert waltz.performance.notes[note.performed[0]].key == note.spelling.key


# What a score says


def test_the_dictionary_is_json_and_agrees_with_the_notes(waltz: Score):
    found = json.loads(json.dumps(waltz.to_dict()))
    assert [row["note"] for row in found["notes"]] == list(range(len(waltz.performance.notes)))
    assert len(found["beats"]) == len(waltz.beats)
    assert len(found["measures"]) == len(waltz.measures)
    start = {row["bar"]: Fraction(row["position"]) for row in found["measures"]}
    rows = {row["note"]: row for row in found["notes"]}
    for note in waltz.notes:
        row = rows[note.performed[0]]
        assert start[row["bar"]] + Fraction(row["beat"]) - 1 == note.position  # a beat is a quarter note
        assert Fraction(row["duration"]) == note.duration
        assert (row["staff"], row["voice"], row["spelling"]) == (note.staff, note.voice, note.spelling.name)


@pytest.mark.parametrize("quarters_s", [0.5, 0.6137])
def test_midi_in_musical_time_has_every_note_where_it_was_played(tmp_path: Path, quarters_s: float):
    performance = play(compose("3/4", 8), quarters_s)
    score = make_score(performance, ScoreSettings(BeatHints(bpm=60 / quarters_s)))
    (tmp_path / "a.mid").write_bytes(score.to_midi())
    again = load_midi(tmp_path / "a.mid")
    tick_s = quarters_s * 1.5 / 480
    assert [note.key for note in again.notes] == [note.key for note in performance.notes]
    for note, played in zip(again.notes, performance.notes, strict=True):
        assert note.onset_s == pytest.approx(played.onset_s, abs=tick_s)
        assert note.offset_s == pytest.approx(played.offset_s, abs=tick_s)


def test_the_packages_function_is_this_one(waltz: Score):
    assert pianotrans.score(waltz.performance, known("3/4"), title="Waltz").to_dict() == waltz.to_dict()


# What the user knows


def test_given_beats_are_taken_exactly():
    performance = play(compose("4/4", 6), quarter_s("4/4"))
    given_s = 0.52 + np.arange(24) * quarter_s("4/4") + 0.01 * np.sin(np.arange(24))
    score = make_score(performance, ScoreSettings(BeatHints(beats=GivenBeats(given_s, np.arange(24) % 3 == 0))))
    assert score.is_found
    assert score.grid.times_s.tolist() == given_s.tolist()
    assert score.grid.downbeats_s.tolist() == given_s[::3].tolist()
    assert {measure.time_signature.n_beats for measure in score.measures if measure.number} == {3}


@pytest.mark.parametrize("beat", [1, 2])
def test_a_given_downbeat_is_a_bar_line(beat: int):
    at_s = 0.5 + beat * quarter_s("3/4")
    hints = BeatHints(bpm=BPM, meters=((1, parse("3/4")),), downbeats_s=(at_s,))
    score = make_score(play(compose("3/4", 8), quarter_s("3/4")), ScoreSettings(hints))
    starts_s = np.array([measure.start_s for measure in score.measures])
    assert np.abs(starts_s - at_s).min() < 0.05
    assert {measure.length for measure in score.measures if measure.number} == {3}


def test_a_pickup():
    hints = BeatHints(bpm=BPM, meters=((1, parse("3/4")),), pickup=1)
    score = make_score(play(compose("3/4", 8), quarter_s("3/4")), ScoreSettings(hints))
    assert [(m.number, m.length) for m in score.measures[:2]] == [(0, 1), (1, 3)]


def test_six_given_beats_are_a_bar_of_six_quarters():
    given_s = 0.5 + np.arange(24) * quarter_s("4/4")
    hints = BeatHints(beats=GivenBeats(given_s, np.arange(24) % 6 == 0))
    score = make_score(play(compose("4/4", 6), quarter_s("4/4")), ScoreSettings(hints))
    assert [(str(m.time_signature), m.length) for m in score.measures] == [("6/4", 6)] * 4
    assert {n.position for n in score.notes} == {n.position for n in compose("4/4", 6)}
    assert list(score.tempo_map.positions) == list(range(25))


def test_downbeats_that_no_beats_agree_with():
    with pytest.raises(ScoreError, match="downbeats_s"):
        make_score(play(compose("4/4", 4), quarter_s("4/4")), ScoreSettings(BeatHints(downbeats_s=(1.0, 1.12))))


# Anything that can be played


def check(score: Score) -> None:
    """A whole score: bars without gaps, every note in them, MusicXML that can be read."""
    for measure, following in zip(score.measures, score.measures[1:], strict=False):
        assert measure.end == following.position
        assert measure.end_s == following.start_s
    assert sorted(i for note in score.notes for i in note.performed) == list(range(score.performance.n_notes))
    assert all(0 <= note.position < score.measures[-1].end and note.duration >= 0 for note in score.notes)
    json.dumps(score.to_dict())
    root = ElementTree.fromstring(score.to_musicxml())
    (part,) = root.findall("part")
    assert len(part.findall("measure")) == len(score.measures)


@pytest.mark.parametrize("n_notes", [0, 1, 3])
def test_few_notes(n_notes: int):
    score = make_score(Performance(tuple(Note(1 + i / 2, 1.3 + i / 2, 60 + i, 64) for i in range(n_notes))))
    assert not score.is_found  # they make no bar
    check(score)


def test_a_performance_that_begins_late():
    score = make_score(Performance(tuple(Note(3000 + i / 2, 3000.4 + i / 2, 60 + i % 5, 64) for i in range(64))))
    check(score)
    assert score.measures[0].start_s > 2990


def test_all_notes_at_the_same_time():
    check(make_score(Performance(tuple(Note(1, 2, key, 64) for key in range(30, 90)))))


def test_ten_minutes_of_one_note():
    score = make_score(Performance(tuple(Note(i / 2, i / 2 + 0.3, 60, 64) for i in range(1200))))
    check(score)
    assert score.is_found
    assert len({measure.time_signature for measure in score.measures}) == 1


def test_two_notes_far_apart_have_no_beat():
    score = make_score(Performance((Note(0, 1, 60, 64), Note(300, 301, 62, 64))))
    assert not score.is_found
    check(score)


def test_without_a_meter_the_tempo_is_fixed_and_the_page_says_so():
    score = make_score(random_performance(300, 60))
    assert not score.is_found
    check(score)
    lengths_s = {round(measure.end_s - measure.start_s, 6) for measure in score.measures}
    assert len(lengths_s) == 1
    assert "no beat" in score.to_musicxml().decode().lower()


def test_two_tempi_at_once():
    fast = [Note(t, t + 0.15, 48 + i % 3, 64) for i, t in enumerate((0.3 + 0.21 * np.arange(150)).tolist())]
    slow = [Note(t, t + 0.2, 72 + i % 4, 64) for i, t in enumerate((0.3 + 0.3 * np.arange(105)).tolist())]
    check(make_score(Performance(tuple(sorted([*fast, *slow], key=lambda note: (note.onset_s, note.key))))))


@pytest.mark.parametrize(
    ("n_notes", "duration_s"),
    [(1000, 40), pytest.param(20_000, 1200, marks=pytest.mark.slow)],
)
def test_many_notes(n_notes: int, duration_s: float):
    check(make_score(random_performance(n_notes, duration_s, seed=1)))
