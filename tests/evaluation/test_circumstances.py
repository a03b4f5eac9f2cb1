"""Recall and precision by circumstance: by hand, and against going through all notes one by one."""

import numpy as np
import pytest

from pianotrans.evaluation import KEYS, Evaluation, EvaluationSettings, score_piece
from pianotrans.evaluation.circumstances import CIRCUMSTANCES, CircumstanceBand, MatchedShare
from pianotrans.events import Note, Pedal, Performance

from .making import crowd, heard, note, performance

SETTINGS = EvaluationSettings(conventions=(KEYS,))


def bands(played: Performance, found: Performance, **settings: object) -> dict[tuple[str, str], CircumstanceBand]:
    piece = score_piece(played, found, SETTINGS, **settings)
    return {(one.circumstance, one.band): one for one in piece.details.circumstances}


def test_by_hand():
    """Strokes on one key 0.06, 0.1 and 0.3 s apart, of which two are missing, and one note elsewhere."""
    strokes = [note(t, t + 0.04, velocity=v) for t, v in ((1.0, 20), (1.06, 30), (1.16, 40), (1.46, 50))]
    high = note(1.0, 1.3, key=90, velocity=100)
    played = performance(*strokes, high, Pedal(1.1, 1.2, "sustain"))
    found = performance(strokes[0], strokes[2], note(1.02, 2.0, key=90), note(5.0, 5.04))
    by_name = bands(played, found)
    stroke = {name: one for (circumstance, name), one in by_name.items() if circumstance == CIRCUMSTANCES[0].name}
    assert stroke["50 to 80 ms"].reference == MatchedShare(1, 0, 0)
    assert stroke["80 to 120 ms"].reference == MatchedShare(1, 1, 1)
    assert stroke["200 to 500 ms"].reference == MatchedShare(1, 0, 0)
    assert stroke["first stroke"].reference == MatchedShare(2, 2, 1), "the high note's offset is wrong"
    assert stroke["120 to 200 ms"].estimate == MatchedShare(1, 1, 1), (
        "160 ms after the only earlier one that was found"
    )
    assert stroke["longer"].estimate == MatchedShare(1, 0, 0)
    assert by_name["since the key's release", "below 50 ms"].reference == MatchedShare(1, 0, 0)
    assert by_name["since the key's release", "50 to 80 ms"].reference == MatchedShare(1, 1, 1)
    assert by_name["keys held together", "2"].reference == MatchedShare(4, 3, 2)
    assert by_name["keys held together", "1"].reference == MatchedShare(1, 0, 0)
    assert by_name["sustain pedal", "down"].reference == MatchedShare(1, 1, 1)
    assert by_name["velocity", "32-47"].reference == MatchedShare(1, 1, 1)
    assert by_name["register", "C6 to B6"].reference.onset == 1.0
    assert by_name["register", "C6 to B6"].reference.offset == 0.0
    assert by_name["register", "below C2"].reference.onset is None


def slowly(one: Note, played: Performance) -> list[float]:
    before = [other for other in played.notes if other.key == one.key and other.onset_s < one.onset_s]
    last = max(before, key=lambda other: other.onset_s, default=None)
    together = [x for x in played.notes if x.onset_s <= one.onset_s + 0.03 and x.offset_s > one.onset_s]
    return [
        one.onset_s - last.onset_s if last else np.inf,
        max(one.onset_s - last.offset_s, 0) if last else np.inf,
        len(together),
        one.key,
        one.velocity,
        any(p.onset_s <= one.onset_s < p.offset_s for p in played.pedals_of("sustain")),
        one.offset_s - one.onset_s,
    ]


@pytest.mark.parametrize("seed", range(5))
def test_random_notes_are_placed_as_one_by_one(seed):
    crowded = crowd(seed, n_notes=80, duration_s=8.0)
    notes = {(one.key, one.onset_s): one for one in crowded.notes}  # no two strokes at once
    played = Performance(tuple(notes.values()), crowded.pedals, 8.0)
    values = [slowly(one, played) for one in played.notes]
    counts = [
        (one.reference.n_notes, sum(int(np.digitize(v[column], place.edges)) == i for v in values))
        for column, place in enumerate(CIRCUMSTANCES)
        for i, one in enumerate(
            b for b in bands(played, heard(played, seed)).values() if b.circumstance == place.name
        )
    ]
    assert [ours for ours, _ in counts] == [theirs for _, theirs in counts]


def test_every_circumstance_counts_every_note_once():
    played = crowd(3, n_notes=150, duration_s=20.0, n_keys=60)
    pieces = tuple(score_piece(one, heard(one, 1), SETTINGS) for one in (played, crowd(4, 30, 5.0)))
    pooled = Evaluation(SETTINGS, pieces).circumstances()
    for place in CIRCUMSTANCES:
        same = [one for one in pooled if one.circumstance == place.name]
        assert [one.band for one in same] == list(place.bands)
        reference = MatchedShare.pooled(one.reference for one in same)
        assert reference.n_notes == sum(piece.n_reference for piece in pieces)
        assert reference.n_onset == sum(int(piece.matched["keys"].is_matched.sum()) for piece in pieces)
        assert MatchedShare.pooled(one.estimate for one in same).n_notes == sum(
            piece.n_estimate for piece in pieces
        )


def test_what_a_reference_does_not_state_and_nothing_at_all():
    by_name = bands(performance(note(1, 2)), performance(note(1, 2)), knows_velocity=False)
    stated = {circumstance for (circumstance, _), one in by_name.items() if one.reference.n_notes}
    assert stated == {one.name for one in CIRCUMSTANCES} - {"velocity", "sustain pedal"}
    assert {one.reference for one in bands(performance(), performance()).values()} == {MatchedShare(0, 0, 0)}
    assert Evaluation(SETTINGS, ()).circumstances() == ()
