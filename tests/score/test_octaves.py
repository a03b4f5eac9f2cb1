"""Octave lines: where they stand, and that other programs hear the notes under them where they were played."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from pianotrans.score.notation import musicxml
from pianotrans.score.score import Score, ScoreNote
from tests.score.test_marks import COMMON, note
from tests.score.test_readers import check
from tests.score.toys import make_score_of


def passage(*names: str, staff: int = 1) -> list[ScoreNote]:
    return [note(i / 2, 0.5, name, staff) for i, name in enumerate(names)]


def score_of(notes: list[ScoreNote]) -> Score:
    n_bars = int(max(one.end for one in notes) / 4 + 1)
    return make_score_of([COMMON] * n_bars, notes)


def under_lines(score: Score) -> list[tuple[str, list[str]]]:
    """For each line its type and the notes between its marks, in the order of the file."""
    lines: list[tuple[str, list[str]]] = []
    is_open = False
    for one in ElementTree.fromstring(musicxml(score)).iter():
        if one.tag == "octave-shift":
            is_open = one.get("type") != "stop"
            if is_open:
                lines.append((str(one.get("type")), []))
        elif one.tag == "pitch" and is_open:
            lines[-1][1].append(f"{one.findtext('step')}{one.findtext('octave')}")
    assert not is_open
    return lines


HIGH = ["A6", "B6", "C7", "D7", "C7", "B6", "C7", "D7", "E7", "C7"]


@pytest.mark.parametrize(
    ("names", "staff", "expected"),
    [
        (["C5", "E5", *HIGH, "C5", "G4"], 1, [("down", HIGH)]),
        (HIGH, 1, [("down", HIGH)]),  # as far as the end of the last note
        (["C3", *["A0", "B0"] * 6, "C3"], 2, [("up", ["A0", "B0"] * 6)]),
        (["C5", "C7", "C5", "E6", "C5"], 1, []),  # a single high note needs none
        (["C6", "D6", "E6", "D6"] * 2, 1, []),
    ],
)
def test_lines_stand_where_many_ledger_lines_would(names, staff, expected):
    assert under_lines(score_of(passage(*names, staff=staff))) == expected


def test_lines_end_before_long_rests_and_never_within_a_tie():
    notes = [*passage(*HIGH), *(note(20 + one.position, 0.5, one.spelling.name) for one in passage(*HIGH))]
    assert under_lines(score_of(notes)) == [("down", HIGH), ("down", HIGH)]
    tied = [note(i, 1 + i % 2, "D7") for i in (0, 1, 3, 4, 6)] + [note(7.5, 1, "D7"), note(8.5, 0.5, "C5")]
    ((_, names),) = under_lines(score_of(tied))
    assert names == ["D7"] * (len(names))
    assert len(names) > len(tied) - 1  # the tied ones twice


def test_a_staff_of_two_voices_has_none():
    low = [note(i, 4, "C5", voice=2) for i in (0, 4)]
    assert under_lines(score_of([*passage(*HIGH), *low])) == []


def test_readers_hear_what_was_played(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    low = passage(*["C3"] * 16, *["A0", "B0"] * 6, "C3", staff=2)
    notes = [*passage("C5", "E5", *HIGH, "C5", "G4"), *low]
    assert len(under_lines(score_of(notes))) == 2
    check(score_of(notes), tmp_path / "high.musicxml", capfd)
