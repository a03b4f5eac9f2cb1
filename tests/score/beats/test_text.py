"""Beats as csv and as labels: round trips, and lines that are none."""

import numpy as np
import pytest

from pianotrans.errors import ScoreError
from pianotrans.score.beats.grid import Beat, BeatGrid
from pianotrans.score.beats.text import beat_labels, beats_csv, parse_beats

GRID = BeatGrid(tuple(Beat(0.5 * i + 0.123, (i + 2) // 3, (i + 2) % 3, 3, 0.9, 0.5) for i in range(8)))


@pytest.mark.parametrize("write", [beats_csv, beat_labels])
def test_what_is_written_is_read(write):
    given = parse_beats(write(GRID))
    np.testing.assert_allclose(given.times_s, GRID.times_s, atol=1e-4)
    assert given.is_downbeat is not None
    assert given.is_downbeat.tolist() == GRID.is_downbeat.tolist()


@pytest.mark.parametrize(
    ("text", "is_downbeat"),
    [
        ("1.0\n2.0\n3.5\n", None),
        ("time_s\n1\n2\n3.5\n", None),
        ("\ufeffbeat,time_s\n3,1\n1,2\n2,3.5\n", [False, True, False]),
        ("1\t1\t\n2\t2\t\n3.5\t3.5\t\n", None),
        ("1\t1\tb\n2\t2\tdb,4/4\n3.5\t3.5\tbR\n", [False, True, False]),
        ("1\t1\t3\n\\\t10\t20\n2\t2\t1\n3.5\t3.5\t2\n", [False, True, False]),
    ],
)
def test_forms_of_users_and_data_sets_are_read(text: str, is_downbeat: list[bool] | None):
    given = parse_beats(text)
    assert given.times_s.tolist() == [1.0, 2.0, 3.5]
    assert (None if given.is_downbeat is None else given.is_downbeat.tolist()) == is_downbeat


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "two or more"),
        ("1.0\n", "two or more"),
        ("1.0\nx\n", "line 2"),
        ("2\n1\n", "follows"),
        ("1\n1\n", "follows"),
        ("-1\n1\n", "0 s or later"),
        ("nan\n1\n", "finite"),
        ("time_s,beat\n1,1\n2,0\n", "line 3"),
        ("time_s,beat\n1,1\n2\n", "line 3"),
        ("1\t1\t1.1\n2\t2\tverse\n", "'verse'"),
        ("1\t1\t1.1\n2\t2\t\n", "some lines"),
    ],
)
def test_other_lines_are_refused(text: str, message: str):
    with pytest.raises(ScoreError, match=message):
        parse_beats(text, "beats.csv")
