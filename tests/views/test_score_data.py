"""What the report knows of a score."""

import base64
import gzip
import json
from dataclasses import replace

import pytest

from pianotrans.score.pitch import KeySignature
from pianotrans.views import report_html
from pianotrans.views.score_data import score_parts
from tests.views.scores import EngravedScore, measure, page, small_score
from tests.views.test_report import Page

PAGES = (page(measure(0, "n0", "n1"), measure(1, "n2", "n4")), page(measure(0, "n5")))


def in_key(score: EngravedScore, fifths: int, mode: str | None) -> EngravedScore:
    key = KeySignature(fifths, mode)
    return replace(score, measures=tuple(replace(one, key_signature=key) for one in score.measures))


def test_the_data_of_a_score():
    data = score_parts(small_score(pages=PAGES)).data
    assert json.loads(json.dumps(data)) == {
        "facts": ["2/4", "E flat major", "about 60 beats a minute"],
        "bars": [[i + 1, 2.0 * i, 2.0 * i + 2, "2/4", 0.3 if i == 2 else 0.9] for i in range(4)],
        "beats": [[float(i), int(i % 2 == 0), 0.9] for i in range(8)],
        "notes": [
            [1, 0, "Eb4"],
            [2, 0, "C3"],
            [1, 0, "F4"],
            [1, 0, None],  # of the trill, and not what is written
            [1, 1, "Eb4"],
            [2, 2, "C3"],
            [1, 2, "Eb4"],
            [2, 2, "C3"],
            [1, 3, "Eb4"],
            [2, 3, "C3"],
        ],
        "conductor": {
            "tempi": [[960 * i, 1_000_000] for i in range(8)],
            "time_signatures": [[0, 2, 4]],
            "key_signatures": [[0, -3, "major"]],
        },
        "conductor_per_bar": {
            "tempi": [[1920 * i, 1_000_000] for i in range(4)],
            "time_signatures": [[0, 2, 4]],
            "key_signatures": [[0, -3, "major"]],
        },
        "ornaments": [[2, 3]],
    }


def test_a_note_that_is_not_written_has_no_place():
    score = small_score(pages=PAGES)
    data = score_parts(replace(score, notes=score.notes[1:])).data
    assert data["notes"][0] is None


@pytest.mark.parametrize(
    ("fifths", "mode", "name"),
    [
        (0, "major", "C major"),
        (0, "minor", "A minor"),
        (-7, "major", "C flat major"),
        (7, "minor", "A sharp minor"),
        (-7, "minor", "A flat minor"),
        (6, "major", "F sharp major"),
        (-1, "major", "F major"),
        (-1, "minor", "D minor"),
    ],
)
def test_names_of_keys(fifths: int, mode: str, name: str):
    assert score_parts(in_key(small_score(), fifths, mode)).data["facts"][1] == name


def test_a_key_without_mode_has_no_name():
    assert score_parts(in_key(small_score(), 2, None)).data["facts"] == ["2/4", "about 60 beats a minute"]


def test_the_pages_are_in_the_report_and_the_same_for_the_same_score():
    score = small_score(pages=PAGES)
    first, second = (report_html(score.performance, title="x", score=score) for _ in range(2))
    assert first == second
    scripts = Page(first.decode()).all("script")
    (packed,) = [text for attributes, text in scripts if attributes.get("id") == "pages"]
    assert gzip.decompress(base64.b64decode(packed)).count(b"data-note") == 5
    assert json.loads(scripts[1][1])["score"]["facts"][0] == "2/4"


def test_without_beats_there_are_no_bars_and_a_line_says_so():
    parts = score_parts(small_score(is_found=False, pages=PAGES))
    assert (parts.data["facts"], parts.data["bars"], parts.data["beats"], parts.pages) == ([], [], [], b"")
    assert [note[1] for note in parts.data["notes"]] == [None] * 10
    assert [note[0] for note in parts.data["notes"]][:2] == [1, 2], "the hands are known"
    assert "No beat" in parts.remarks[0]


def test_without_the_extra_the_bars_are_there_and_a_line_names_the_command():
    score = small_score(pages=None)
    parts = score_parts(score)
    assert parts.pages == b""
    assert len(parts.data["bars"]) == 4
    data = json.loads(Page(report_html(score.performance, title="x", score=score).decode()).all("script")[1][1])
    assert "pip install" in data["remarks"][-1]
    assert "score" in data["remarks"][-1]
