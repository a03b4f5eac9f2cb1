"""Key and time signatures."""

from dataclasses import replace

from pianotrans.datasets.beats import KeySignatureChange
from pianotrans.evaluation.score.signatures import SignatureScores, longest, score_signatures
from pianotrans.score.beats.hints import TimeSignature

from .making import BEATS_S, annotation, made_score


def test_right_and_wrong():
    assert score_signatures(annotation(), made_score().measures) == SignatureScores(1, 1, 1)
    assert score_signatures(annotation(), made_score(fifths=2).measures) == SignatureScores(0, 0, 1)
    assert score_signatures(annotation(), made_score(meter=TimeSignature(3, 8)).measures) == SignatureScores(
        1, 1, 0
    )


def test_the_first_and_the_longest_may_differ():
    keys = (KeySignatureChange(float(BEATS_S[0]), 1), KeySignatureChange(float(BEATS_S[4]), -2))
    truth = replace(annotation(), key_signatures=keys)
    assert score_signatures(truth, made_score(fifths=1).measures) == SignatureScores(1, 0, 1)
    assert score_signatures(truth, made_score(fifths=-2).measures) == SignatureScores(0, 1, 1)


def test_nothing_to_compare():
    bare = replace(annotation(), key_signatures=(), time_signatures=())
    assert score_signatures(bare, made_score().measures) == SignatureScores(None, None, None)
    assert score_signatures(annotation(), ()) == SignatureScores(0, 0, 0)


def test_what_returns_is_added_up():
    assert longest([(0, "a"), (2, "b"), (5, "a")], 7.0) == "a"
    assert longest([(0, "a"), (2, "b"), (5, "a")], 5.5) == "b"
    assert longest([], 1.0) is None
