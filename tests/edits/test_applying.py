"""Edits applied, by cases; tests/views/test_workbench.py compares with the page at random."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.edits import Applied, apply_edits, digest_of, identities_of, parse_edits
from pianotrans.events import Note, Pedal, Performance
from pianotrans.score.bars import lay_out_bars
from pianotrans.score.beats.decoding import given_grid
from pianotrans.score.making import make_score
from pianotrans.score.settings import ScoreSettings
from tests.events.strategies import fewer, performances
from tests.score.playing import compose, play

from .documents import SONG, about, document

FIRST, SECOND, THIRD = map(about, SONG.notes)


def applied(song: Performance = SONG, data: dict[str, Any] | None = None, **parts: Any) -> Applied:
    return apply_edits(song, parse_edits(json.dumps(data or document(**parts))))


def test_no_edits_change_nothing():
    result = applied()
    assert (result.performance, result.conflicts, result.n_applied) == (SONG, (), 0)


def test_notes_are_changed_deleted_and_added():
    result = applied(
        notes={
            "changed": [{**FIRST, "onset_s": 0.5, "velocity": 80, "hand": "left"}],
            "deleted": [SECOND],
            "added": [{"id": "+1", "onset_s": 2.5, "offset_s": 3.5, "key": 60, "velocity": 9, "hand": "right"}],
        }
    )
    assert result.performance.notes == (
        Note(0.5, 2, 60, 80, 0.4, 0.5),
        Note(2.5, 3, 60, 9, 1.0, 1.0),  # cut by the next of its key
        SONG.notes[2],
    )
    assert (result.hands, result.n_applied) == ((2, 1, None), 3)


def test_pedals_likewise():
    added = {"id": "+1", "onset_s": 2, "offset_s": 3, "kind": "sustain"}
    changed = {**about(SONG.pedals[0]), "accepted": True}
    result = applied(pedals={"changed": [changed], "added": [added]})
    assert result.performance.pedals == (
        Pedal(0.5, 2.0, "sustain", 1.0, 1.0),
        Pedal(2, 3, "sustain", 1.0, 1.0),
    )


def test_of_two_notes_that_begin_together_the_edited_one_stays():
    result = applied(notes={"changed": [{**FIRST, "onset_s": 3.004, "offset_s": 3.5}]})
    assert result.performance.notes == (SONG.notes[1], Note(3.004, 3.5, 60, 64, 0.4, 0.5))


# Another transcription of the same recording


def heard_anew(*notes: Note) -> Performance:
    return replace(SONG, notes=notes)


def test_an_event_is_found_by_its_key_and_nearest_onset():
    song = heard_anew(Note(0.97, 2, 60, 50), Note(1.04, 2, 60, 51), Note(1.0, 2, 61, 52))
    result = applied(song, document(notes={"changed": [{**FIRST, "velocity": 99}]}))
    assert [note.velocity for note in result.performance.notes] == [99, 52, 51]


def test_what_is_not_found_is_a_conflict_and_the_rest_is_done():
    song = heard_anew(Note(1.06, 2, 60, 50), Note(1.5, 2, 64, 51))
    result = applied(
        song,
        document(
            notes={
                "changed": [{**FIRST, "velocity": 99}],
                "deleted": [SECOND],
                "added": [
                    {"id": "+1", "onset_s": 1.1, "offset_s": 2, "key": 60, "velocity": 9},
                    {"id": "+2", "onset_s": 1.5, "offset_s": 2, "key": 64, "velocity": 9},
                ],
            }
        ),
    )
    assert [(conflict.reason, conflict.edit.id) for conflict in result.conflicts] == [
        ("missing", FIRST["id"]),
        ("present", "+1"),
    ]
    assert [note.key for note in result.performance.notes] == [60, 64]
    assert result.performance.notes[1].velocity == 9, "the old one was deleted, so it is not there already"
    assert result.n_applied == 2
    assert "C4" in result.conflicts[0].text
    assert "1.000" in result.conflicts[0].text


def test_each_event_is_found_once():
    song = heard_anew(Note(1.0, 1.01, 60, 50))
    twin = {**FIRST, "id": "60@1.010", "was": {**FIRST["was"], "onset_s": 1.01}}
    result = applied(song, document(notes={"deleted": [FIRST, twin]}))
    assert (result.performance.notes, len(result.conflicts)) == ((), 1)


@fewer
@given(performances)
def test_identities_are_all_different_and_the_digest_knows_every_event(performance: Performance):
    for events in (performance.notes, performance.pedals):
        assert len(set(identities_of(events))) == len(events)
    if performance.notes:
        first = performance.notes[0]
        other = replace(
            performance, notes=(replace(first, velocity=first.velocity % 127 + 1), *performance.notes[1:])
        )
        assert digest_of(other) != digest_of(performance)


def test_identities_round_halves_up_as_javascript_does():
    assert identities_of([Note(0.0625, 1, 60, 1), Note(0.0625, 2, 60, 1)]) == ("60@0.063", "60@0.063#2")


# The score


def test_what_is_said_of_the_score_holds():
    beats = [{"onset_s": 0.5 + 0.6 * i, "downbeat": i % 3 == 0} for i in range(8)]
    result = applied(
        notes={"changed": [{**FIRST, "hand": "left"}]},
        beats=beats,
        score={"key": "3b", "time_signature": "3/8", "swing": True},
    )
    settings = result.score_settings(ScoreSettings(split_key=0))
    assert settings.swing
    score = make_score(result.performance, settings)
    assert [beat.time_s for beat in score.beats] == pytest.approx([beat["onset_s"] for beat in beats])
    assert [beat.is_downbeat for beat in score.beats] == [beat["downbeat"] for beat in beats]
    assert {str(measure.time_signature) for measure in score.measures} == {"3/8"}
    assert {measure.key_signature.fifths for measure in score.measures} == {-3}
    assert score.hands == (2, 1, 1)


def test_beats_hold_against_a_time_signature_that_does_not_fit_them():
    beats = [{"onset_s": 0.5 * i, "downbeat": i % 4 == 0} for i in range(12)]
    assert applied(beats=beats, score={"time_signature": "3/4"}).score_settings().hints.meters == ()
    hints = applied(beats=beats, score={"time_signature": "12/8"}).score_settings().hints
    assert [str(meter) for _, meter in hints.meters] == ["12/8"]
    none_is_downbeat = [{**beat, "downbeat": False} for beat in beats]
    assert applied(beats=none_is_downbeat).score_settings().hints.beats.is_downbeat is None


@fewer
@given(st.data())
def test_a_time_signature_stays_with_its_downbeat_whatever_comes_before(data: st.DataObject):
    lengths = data.draw(st.lists(st.integers(2, 4), min_size=3, max_size=8))
    lead = data.draw(st.integers(0, 3))  # beats of a pickup
    first_s = data.draw(st.floats(0, 8))  # of the notes: bars are put before the first one that is given
    at = data.draw(st.integers(1, len(lengths) - 1))
    is_downbeat = [False] * lead + [i == 0 for n in lengths for i in range(n)]
    beats = [{"onset_s": 4 + 0.5 * i, "downbeat": down} for i, down in enumerate(is_downbeat)]
    starts = [beat for beat in beats if beat["downbeat"]]
    starts[0]["time_signature"], starts[at]["time_signature"] = "2/2", "5/8"
    song = Performance((Note(first_s, first_s + 0.3, 60, 64), Note(20, 21, 64, 64)), (), 22.0)
    meters = applied(song, document(song, beats=beats)).score_settings().hints.meters
    bars = lay_out_bars(given_grid(np.array([b["onset_s"] for b in beats]), np.array(is_downbeat)), first_s, 20.0)
    begins_s = {bar.number: bars.beats_s[bar.first_beat] for bar in bars.bars}
    (first, before), (number, after) = meters
    assert (first, str(before), str(after)) == (1, "2/2", "5/8")
    assert begins_s[number] == starts[at]["onset_s"]


def test_candidates_that_were_dismissed_change_nothing():
    result = applied(candidates={"dismissed": [about(Note(9, 10, 62, 5))]})
    assert (result.performance, result.conflicts, result.edits.n_changes) == (SONG, (), 1)


def test_bars_stay_where_they_are_while_notes_are_deleted():
    song = play(compose("3/4", 12), 0.6)
    first = [about(note) for note in song.notes if round((note.onset_s - 0.5) / 0.6) % 3 == 0]
    result = applied(song, document(song, notes={"deleted": first}))

    def starts(performance: Performance, beats_in: Performance | None = None) -> list[float]:
        score = make_score(performance, result.score_settings(), beats_in=beats_in)
        return [measure.start_s for measure in score.measures]

    before = starts(song)
    assert starts(result.performance) != before[: len(starts(result.performance))], "else this test shows nothing"
    after = starts(result.performance, result.transcribed)
    assert after == before[: len(after)]
