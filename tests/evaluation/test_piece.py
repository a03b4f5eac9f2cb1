"""All scores of a piece, against mir_eval alone (score_midi.py), and what is not defined."""

import json
import math
from collections.abc import Callable

import pytest
from hypothesis import given

from pianotrans.evaluation import (
    KEYS,
    SOUNDING,
    Column,
    Convention,
    Evaluation,
    EvaluationSettings,
    columns,
    score_piece,
    to_dict,
)
from pianotrans.events import Durations, Pedal, cut_at, extend_by_pedal, load_midi
from tests.agreement import recordings, scorer
from tests.events.strategies import fewer, performances
from tests.work import n_instructions, peak_bytes

from .making import crowd, heard, note, performance

SETTINGS = EvaluationSettings()

THEIR_NAMES = {
    "onset": "keys onset",
    "offset": "keys onset+offset",
    "offset+vel": "keys onset+offset+velocity",
    "ext offset": "sounding onset+offset",
    "ext offset+vel": "sounding onset+offset+velocity",
    "sustain onset": "sustain pedal onset",
    "sustain on+off": "sustain pedal onset+offset",
    "soft onset": "soft pedal onset",
    "soft on+off": "soft pedal onset+offset",
}


def by_name(piece):
    return {column.name: score for column, score in piece.scores.items()}


@pytest.mark.shared
@pytest.mark.filterwarnings("ignore")  # of score_midi.py: pretty_midi and mir_eval warn of empty things
@pytest.mark.parametrize("number", range(11))
@pytest.mark.parametrize("turned", [False, True], ids=["as it is", "the estimate as reference"])
def test_real_recordings_score_as_by_mir_eval_alone(number, turned, shared):
    one = recordings(shared)[number]
    reference, estimate = (one.reference, one.truth) if turned else (one.truth, one.reference)
    ours = by_name(score_piece(load_midi(reference), load_midi(estimate), SETTINGS))
    theirs = scorer(shared).score(str(reference), str(estimate))
    assert {"onset", "ext offset+vel"} <= theirs.keys()
    for their_name, name in THEIR_NAMES.items():
        score = ours[name]
        assert score.is_defined == (their_name in theirs)
        if score.is_defined:
            given = (score.precision, score.recall, score.f1)
            assert given == pytest.approx(theirs[their_name], abs=1e-9), name


@pytest.mark.shared
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(10))
def test_random_files_score_as_by_mir_eval_alone(seed, shared, tmp_path):
    played = crowd(seed, n_notes=120, duration_s=20.0, n_keys=12)
    played.save(tmp_path / "ref.mid")
    heard(played, seed).save(tmp_path / "est.mid")
    paths = tmp_path / "ref.mid", tmp_path / "est.mid"
    ours = by_name(score_piece(*map(load_midi, paths), SETTINGS))
    for their_name, values in scorer(shared).score(*map(str, paths)).items():
        if their_name in THEIR_NAMES:
            score = ours[THEIR_NAMES[their_name]]
            assert (score.precision, score.recall, score.f1) == pytest.approx(values, abs=1e-9)


@fewer
@given(performances)
def test_a_performance_is_its_own_perfect_transcription(played):
    piece = score_piece(played, played, SETTINGS)
    for column, score in piece.scores.items():
        if score.is_defined:
            assert (score.precision, score.recall) == pytest.approx((1.0, 1.0)), column
    assert piece.mistakes == ()


@fewer
@given(performances, performances)
def test_scores_are_in_range_and_precision_is_recall_turned_round(played, transcribed):
    piece, turned = score_piece(played, transcribed, SETTINGS), score_piece(transcribed, played, SETTINGS)
    for column, score in piece.scores.items():
        assert 0 <= score.matched <= min(score.reference, score.estimate) * (1 + 1e-12) + 1e-12
        assert math.isfinite(score.f1)
        if column.metric in ("onset", "activation", "frame"):  # the others are not symmetrical
            assert score.matched == pytest.approx(turned.scores[column].matched, rel=1e-9, abs=1e-9)


def test_every_column_is_there_in_order():
    piece = score_piece(performance(), performance(), SETTINGS)
    assert tuple(piece.scores) == columns(SETTINGS)
    assert len(set(columns(SETTINGS))) == 18


def test_nothing_to_find_is_not_defined_and_nothing_found_is_zero():
    one = performance(note(1, 2), Pedal(0.5, 1.5, "sustain"))
    for reference, estimate, defined in [
        (performance(), performance(), set()),
        (performance(), one, set()),
        (one, performance(), {"keys", "sounding", "sustain pedal"}),
        (one, one, {"keys", "sounding", "sustain pedal"}),
    ]:
        piece = score_piece(reference, estimate, SETTINGS)
        assert {column.group for column, score in piece.scores.items() if score.is_defined} == defined
        expected = 1.0 if reference is estimate else 0.0
        assert {score.f1 for score in piece.scores.values() if score.is_defined} <= {expected}


def test_a_pedal_of_the_other_kind_counts_for_nothing():
    reference = performance(note(1, 2), Pedal(0.5, 1.5, "sustain"))
    estimate = performance(note(1, 2), Pedal(0.5, 1.5, "soft"))
    scores = by_name(score_piece(reference, estimate, SETTINGS))
    assert scores["sustain pedal onset"].f1 == 0.0
    assert not scores["soft pedal onset"].is_defined
    assert scores["soft pedal onset"].estimate == 1


def test_one_pedal_held_too_long():
    reference, estimate = performance(Pedal(1.0, 3.0, "sustain")), performance(Pedal(1.04, 5.0, "sustain"))
    scores = by_name(score_piece(reference, estimate, SETTINGS))
    assert scores["sustain pedal onset"].f1 == 1.0
    assert scores["sustain pedal onset+offset"].f1 == 0.0
    assert scores["sustain pedal activation"].recall == pytest.approx(1.96 / 2)
    assert scores["sustain pedal activation"].precision == pytest.approx(1.96 / 3.96)


def test_each_side_has_its_own_durations():
    written = performance(note(1.0, 1.2), Pedal(1.1, 3.0, "sustain"))
    as_it_sounds = extend_by_pedal(written)
    mixed = Convention(Durations.sounding, Durations.keys)
    settings = EvaluationSettings(conventions=(KEYS, SOUNDING, mixed))
    scores = score_piece(written, as_it_sounds, settings).scores
    f1 = [scores[Column(name, "onset+offset")].f1 for name in ("keys", "sounding", "sounding-keys")]
    assert f1 == [0.0, 1.0, 1.0]


def test_the_shortest_notes_last_a_millisecond():
    reference, estimate = performance(note(1.0, 1.0000001)), performance(note(1.0, 1.0000001))
    assert score_piece(reference, estimate, SETTINGS).scores[Column("keys", "activation")].reference == (
        pytest.approx(1e-3)
    )


def test_alignment_is_removed_from_notes_and_pedals():
    played = crowd(5, n_notes=60, duration_s=20.0, n_keys=20)
    late = heard(played, 5, late_s=1.25, jitter_s=0.001)
    strict = score_piece(played, late, SETTINGS)
    aligned = score_piece(played, late, EvaluationSettings(align=True))
    assert strict.removed_offset_s == 0.0
    assert aligned.removed_offset_s == pytest.approx(1.25, abs=0.002)
    assert by_name(strict)["keys onset"].f1 < 0.3
    assert by_name(aligned)["keys onset"].recall > 0.75
    assert by_name(aligned)["sustain pedal onset"].f1 == 1.0


def long_piece(n_notes: int) -> Callable[[], None]:
    """Scores a piece that is as dense however long it is."""
    played = crowd(1, n_notes=n_notes, duration_s=0.18 * n_notes, n_keys=50)
    transcribed = heard(played, 1)

    def score() -> None:
        assert score_piece(played, transcribed, SETTINGS).scores[Column("keys", "onset")].f1 > 0.8

    return score


def test_long_pieces_take_no_more_than_their_length():
    long_piece(50)()  # what is loaded and compiled on first use counts for neither
    assert n_instructions(long_piece(800)) < 5 * n_instructions(long_piece(200))
    assert peak_bytes(long_piece(2000)) < 8e6  # the distances of all pairs of notes take 32 MB


def test_only_the_beginning_counts():
    played = crowd(1, n_notes=80, duration_s=10.0)
    transcribed = heard(played, 1)
    limited = score_piece(played, transcribed, EvaluationSettings(limit_s=4.0))
    by_hand = score_piece(cut_at(played, 4.0), cut_at(transcribed, 4.0), SETTINGS)
    assert limited.scores == by_hand.scores
    assert limited.n_reference == sum(note.onset_s < 4.0 for note in played.notes)
    assert limited.scores != score_piece(played, transcribed, SETTINGS).scores


def test_velocities_that_nobody_knows_are_not_scored():
    played = crowd(2, n_notes=80, duration_s=10.0)
    transcribed = heard(played, 2)
    known = score_piece(played, transcribed, SETTINGS)
    unknown = score_piece(played, transcribed, SETTINGS, knows_velocity=False)
    for column, score in known.scores.items():
        if "velocity" in column.metric:
            assert score.is_defined
            assert not unknown.scores[column].is_defined
        else:
            assert unknown.scores[column] == score
    evaluation = Evaluation(SETTINGS, (unknown, unknown))
    everything, *rest = evaluation.bands("keys")
    assert everything.velocity is None
    assert everything.onset_s == Evaluation(SETTINGS, (known, known)).bands("keys")[0].onset_s
    assert [band.n_reference for band in rest if band.name.startswith("velocity")] == [0] * 4
    json.dumps(to_dict(evaluation), allow_nan=False)


def test_pieces_without_velocities_do_not_spoil_those_with():
    played = crowd(3, n_notes=80, duration_s=10.0)
    transcribed = heard(played, 3)
    known = score_piece(played, transcribed, SETTINGS)
    unknown = score_piece(played, transcribed, SETTINGS, knows_velocity=False)
    mixed, alone = Evaluation(SETTINGS, (known, unknown)), Evaluation(SETTINGS, (known,))
    assert mixed.bands("keys")[0].velocity == alone.bands("keys")[0].velocity
    by_column = {one.column.name: one for one in mixed.summary(n_resamples=10)}
    assert by_column["keys onset"].n_pieces == 2
    assert by_column["keys onset+velocity"].n_pieces == 1
    assert by_column["keys onset+velocity"].f1 == known.scores[Column("keys", "onset+velocity")].f1
