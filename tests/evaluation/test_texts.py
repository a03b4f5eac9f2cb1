"""What is written down: JSON, tables and the summary, read back by other means."""

import csv
import io
import json
from dataclasses import replace

import pytest

from pianotrans.evaluation import Evaluation, EvaluationSettings, Failure, Provenance, columns, score_piece, to_dict
from pianotrans.evaluation.texts import (
    circumstances_csv,
    errors_csv,
    first_few,
    percent,
    pieces_csv,
    summary_markdown,
    tolerances_csv,
)

from .making import crowd, heard, note, performance

SETTINGS = EvaluationSettings(align=True)


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    played = [crowd(seed, n_notes=40, duration_s=10.0) for seed in range(3)]
    scored = [
        score_piece(one, heard(one, i, late_s=0.1), SETTINGS, name=f'piece "{i}", op. 1')
        for i, one in enumerate(played)
    ]
    empty = score_piece(performance(), performance(note(1, 2)), SETTINGS, name="empty")
    return Evaluation(SETTINGS, (*scored, empty), ("left.mid",), ("right.mid",), (Failure("bad", "is damaged."),))


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_json_holds_every_score_and_everything_left_out(evaluation):
    data = json.loads(json.dumps(to_dict(evaluation), allow_nan=False))
    assert list(data["summary"]) == [column.name for column in columns(SETTINGS)]
    for piece, written in zip(evaluation.pieces, data["pieces"], strict=True):
        assert written["name"] == piece.name
        for column, score in piece.scores.items():
            assert written["scores"][column.name]["f1"] == (score.f1 if score.is_defined else None)
            assert written["scores"][column.name]["matched"] == score.matched
    assert data["unmatched"] == {"reference": ["left.mid"], "estimate": ["right.mid"], "dataset": []}
    assert (data["transcription"], data["warnings"]) == (None, [])
    assert data["failures"] == [{"name": "bad", "reason": "is damaged."}]
    assert data["bootstrap"] == {"level": 0.95, "n_resamples": 10_000, "seed": 0}
    assert data["summary"]["keys onset"]["n_pieces"] == 3
    assert EvaluationSettings.from_dict(data["settings"]) == SETTINGS


def test_the_table_of_pieces(evaluation):
    rows = read(pieces_csv(evaluation))
    assert [row["piece"] for row in rows] == [piece.name for piece in evaluation.pieces]
    for row, piece in zip(rows, evaluation.pieces, strict=True):
        for column, score in piece.scores.items():
            written = row[f"{column.name} f1"]
            assert written == (f"{score.f1:.6f}" if score.is_defined else "")
    assert float(rows[0]["removed_offset_s"]) == pytest.approx(0.1, abs=0.02)
    assert rows[-1]["keys onset f1"] == ""


def test_the_tables_of_circumstances_and_tolerances_are_those_of_the_json(evaluation):
    details = to_dict(evaluation)["details"]
    rows = read(circumstances_csv(evaluation))
    for row, written in zip(rows, details["circumstances"], strict=True):
        assert (row["circumstance"], row["band"]) == (written["circumstance"], written["band"])
        assert int(row["n_reference"]) == written["n_reference"]
        assert row["recall"] == ("" if written["recall"] is None else f"{written['recall']:.6f}")
    f1 = [float(row["f1"]) for row in read(tolerances_csv(evaluation)) if row["kind"] == "offset"]
    assert f1 == pytest.approx(details["tolerances"]["offset_f1"], abs=1e-6)
    silent = Evaluation(SETTINGS, (score_piece(performance(), performance(), SETTINGS, name="silent"),))
    assert read(tolerances_csv(silent)) == []
    assert json.loads(json.dumps(to_dict(silent), allow_nan=False))["details"]["pedal"] is None


def test_the_list_of_mistakes(evaluation):
    rows = read(errors_csv(evaluation))
    assert len(rows) == sum(len(piece.mistakes) for piece in evaluation.pieces) > 10
    assert {row["side"] for row in rows if row["kind"] == "missed"} == {"reference"}
    assert {row["side"] for row in rows if row["kind"] == "extra"} == {"estimate"}
    for row in rows:
        assert (row["other_key"] == "") == (row["kind"] in ("missed", "extra"))
        assert float(row["offset_s"]) > float(row["onset_s"])


def test_the_summary_says_what_it_rests_on(evaluation):
    text = summary_markdown(evaluation, seed=7)
    for said in ("50 ms", "20 %", "seed 7", "Durations keys", "Durations sounding", "constant offset", "10 ms"):
        assert said in text
    for said in ("bad: not scored. is damaged.", "left.mid: a reference without", "right.mid: an estimate without"):
        assert said in text
    summary = {one.column.name: one for one in evaluation.summary()}
    (row,) = [line for line in text.splitlines() if line.startswith("| keys onset |")]
    assert row.split(" | ")[3] == percent(summary["keys onset"].f1)
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in table} == {9}


def test_a_score_that_is_none_is_a_dash():
    assert (percent(None), percent(0.5), percent(1.0)) == ("–", "50.00", "100.00")


def test_where_the_estimates_come_from_is_written_down(evaluation):
    provenance = Provenance("tiny", 2.0, "maestro", "test", "bach", 3, "float32")
    incomplete = tuple(f"{i}: no MIDI" for i in range(12))
    one = replace(evaluation, provenance=provenance, incomplete=incomplete, warnings=("a: too short.",))
    data = json.loads(json.dumps(to_dict(one)))
    assert Provenance(**data["transcription"]) == provenance
    assert data["unmatched"]["dataset"] == list(incomplete)
    assert data["warnings"] == ["a: too short."]
    lines = summary_markdown(one).splitlines()
    said = next(line for line in lines if "Transcribed by" in line)
    for part in ("model tiny", "every 2 s", "layout maestro", "split test", "'bach'", "first 3", "in float32"):
        assert part in said
    assert "* 9: no MIDI." in lines
    assert "* and 2 more (--json and summary.json have all)." in lines
    assert "* 10: no MIDI." not in lines
    assert "* a: too short." in lines


@pytest.mark.parametrize(("n", "n_lines"), [(0, 0), (1, 1), (10, 10), (11, 11), (1000, 11)])
def test_first_few(n, n_lines):
    lines = first_few([str(i) for i in range(n)])
    assert len(lines) == n_lines
    assert lines[:10] == [str(i) for i in range(min(n, 10))]
