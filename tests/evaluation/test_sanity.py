"""What trivial transcriptions score: values worked out by hand, and by mir_eval."""

import json
from pathlib import Path

import mir_eval
import numpy as np
import pytest

from pianotrans.evaluation import EvaluationSettings, score_midi, score_trivial, to_dict
from pianotrans.evaluation.collection import summarise
from pianotrans.evaluation.sanity import TRIVIAL
from pianotrans.evaluation.texts import sanity_table, summary_markdown
from pianotrans.events import Note, Pedal, Performance

PLAYED = Performance(
    (Note(0.0, 0.5, 60, 40), Note(0.01, 1.0, 64, 75), Note(1.0, 3.0, 67, 100)), (Pedal(0.2, 0.9, "sustain"),), 4.0
)


def f1_of(path: Path, **settings: float) -> dict[str, dict[str, float | None]]:
    chosen = EvaluationSettings(**settings)
    rows = score_trivial({"piece": path}, chosen)
    assert [row.name for row in rows] == list(TRIVIAL)
    return {row.name: {one.column.name: one.f1 for one in summarise(row.pieces, chosen)} for row in rows}


@pytest.fixture
def played(tmp_path: Path) -> Path:
    PLAYED.save(tmp_path / "piece.mid")
    return tmp_path / "piece.mid"


def test_known_values(played: Path):
    f1 = f1_of(played)
    assert {value for value in f1["nothing"].values() if value is not None} == {0.0}
    assert {value for value in f1["reference itself"].values() if value is not None} == {1.0}
    assert f1["reference itself"]["soft pedal onset"] is None
    for name in ("one velocity", "offsets at next onset", "25 ms late", "50 ms late"):
        assert f1[name]["keys onset"] == 1.0  # 50 ms are within the tolerance of 50 ms
    # the chord's second note alone ends where the next begins; the last one is held until the end, 1 s too long
    assert f1["offsets at next onset"]["keys onset+offset"] == pytest.approx(1 / 3)
    assert f1["offsets at next onset"]["keys onset+velocity"] == 1.0
    for name, late_s in (("25 ms late", 0.025), ("50 ms late", 0.05)):
        assert f1[name]["keys activation"] == pytest.approx(1 - 3 * late_s / 3.49, abs=2e-3)
        assert f1[name]["sustain pedal activation"] == pytest.approx(1 - late_s / 0.7, abs=2e-3)


def test_one_velocity_as_mir_eval_has_it(played: Path):
    spans_s = np.array([(note.onset_s, note.offset_s) for note in PLAYED.notes])
    hz = mir_eval.util.midi_to_hz(np.array([note.key for note in PLAYED.notes]))
    velocities = np.array([note.velocity for note in PLAYED.notes])
    *_, f1, _ = mir_eval.transcription_velocity.precision_recall_f1_overlap(
        spans_s, hz, velocities, spans_s, hz, np.full(3, 64), offset_ratio=None
    )
    assert f1_of(played)["one velocity"]["keys onset+velocity"] == pytest.approx(f1)
    assert 0 < f1 < 1


def test_a_narrower_tolerance_and_a_part(played: Path):
    f1 = f1_of(played, onset_tolerance_s=0.03)
    assert (f1["25 ms late"]["keys onset"], f1["50 ms late"]["keys onset"]) == (1.0, 0.0)
    part = f1_of(played, limit_s=1.02)  # what is late does not fall out of it
    assert part["50 ms late"]["keys onset"] == 1.0
    assert part["reference itself"]["keys onset+offset"] == 1.0
    silent = f1_of(played, start_s=3.5)
    assert {value for row in silent.values() for value in row.values()} == {None}


def test_rows_of_an_evaluation(played: Path):
    evaluation = score_midi(played, played, EvaluationSettings(), sanity=True)
    headings, rows = sanity_table(evaluation)
    assert [row[0] for row in rows] == list(TRIVIAL)
    assert {len(row) for row in rows} == {len(headings)}
    assert set(rows[-1][1:]) == {"100.00"}
    assert "| one velocity |" in summary_markdown(evaluation)
    data = json.loads(json.dumps(to_dict(evaluation), allow_nan=False))
    assert data["sanity"]["reference itself"]["keys onset"]["f1"] == 1.0
    assert score_midi(played, played, EvaluationSettings()).sanity == ()
