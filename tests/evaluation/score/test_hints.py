"""Hints taken from annotations."""

import numpy as np
import pytest

from pianotrans.datasets.beats import BeatAnnotation
from pianotrans.errors import ScoreError, UsageError
from pianotrans.evaluation.score.hints import hints_for, parse_hint_kinds
from pianotrans.score.beats.hints import BeatHints, TimeSignature

from .making import BEATS_S, annotation

BPM = 60 / float(np.median(np.diff(BEATS_S[:13])))


def test_kinds():
    beats = annotation()
    assert hints_for("none", beats) == BeatHints()
    assert hints_for("bpm", beats).bpm == pytest.approx(BPM)
    assert hints_for("bpm-off", beats).bpm == pytest.approx(1.2 * BPM)
    assert hints_for("meter", beats).meters == ((1, TimeSignature(3, 4)),)
    assert hints_for("bpm+meter", beats).meters == hints_for("meter", beats).meters
    assert hints_for("downbeat", beats).downbeats_s == (float(BEATS_S[7]),)  # downbeats are 1, 4, 7 and 10


def test_all_beats():
    given = hints_for("beats", annotation()).beats
    np.testing.assert_array_equal(given.times_s, BEATS_S[:13])
    np.testing.assert_array_equal(given.is_downbeat, annotation().is_downbeat)


def test_beats_at_one_time_are_given_once():
    twice = BeatAnnotation(np.array([1.0, 1.0, 2.0]), np.array([True, False, True]), np.ones(3, dtype=bool))
    assert hints_for("beats", twice).beats.times_s.tolist() == [1, 2]


def test_too_few_beats():
    nothing = BeatAnnotation(np.empty(0), np.empty(0, dtype=bool), np.empty(0, dtype=bool))
    assert hints_for("none", nothing) == BeatHints()
    with pytest.raises(ScoreError, match="0 beats"):
        hints_for("bpm", nothing)


def test_kinds_from_text():
    assert parse_hint_kinds("bpm,none,bpm") == ("bpm", "none")
    with pytest.raises(UsageError, match="'tempo'"):
        parse_hint_kinds("none,tempo")
