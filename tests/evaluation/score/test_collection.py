"""Whole evaluations, of a data set made by hand."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pianotrans.errors import EvaluationError, ScoreError
from pianotrans.evaluation.score import FIGURES, evaluate_scores
from pianotrans.evaluation.score.piece import find_transcription
from pianotrans.evaluation.watcher import EvaluationWatcher
from pianotrans.events import Performance
from pianotrans.score.settings import ScoreSettings

from .making import MadeScore, made_score, performance, truth, write_dataset


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "asap")


def right(played: Performance, settings: ScoreSettings) -> MadeScore:
    return made_score(played)


def right_hand_only(played: Performance, settings: ScoreSettings) -> MadeScore:
    """The left hand is found where a tempo is given."""
    staff = 2 if settings.hints.bpm is None else None
    return made_score(played, lambda note: replace(note, staff=staff or note.staff))


def test_the_true_scores_are_right(root: Path):
    evaluation = evaluate_scores(root, make=right)
    means = evaluation.means("none")
    assert list(means) == [figure.name for figure in FIGURES]
    assert {name for name, value in means.items() if value == 1} == set(means) - {"grace", "meter", "mv2h"}
    assert means["grace"] is None
    assert evaluation.legibility("none")["notes"] == (3, 3)


def test_kinds_of_hints_stand_side_by_side(root: Path):
    evaluation = evaluate_scores(root, make=right_hand_only, hints=("none", "bpm"))
    assert evaluation.means("none")["staff"] == pytest.approx(4 / 17)
    assert evaluation.means("bpm")["staff"] == 1


def test_composers_and_the_worst(root: Path):
    evaluation = evaluate_scores(root, make=right)
    assert evaluation.composers == ("Other", "Someone")
    assert evaluation.means("none", "Other")["staff"] == 1
    assert evaluation.worst("none", "staff", 1) == (("Other__Piece__B", 1.0),)
    assert evaluation.worst("none", "grace", 1) == ()


def test_pieces_are_chosen(root: Path):
    def names(**options: object) -> list[str]:
        evaluation = evaluate_scores(root, make=right, **options)
        return [one.name for one in evaluation.scores["none"]]

    assert names() == ["Someone__Piece__A", "Other__Piece__B"]
    assert names(n_at_most=1) == ["Someone__Piece__A"]
    assert names(name_filter="other") == names(name_filter="O*b") == ["Other__Piece__B"]
    for options in ({"split": "train"}, {"name_filter": "nobody"}):
        with pytest.raises(EvaluationError, match="none of 2 performances"):
            names(**options)


def test_one_of_each_composition(tmp_path: Path):
    root = write_dataset(tmp_path, ["A__Piece__X", "A__Piece__Y", "A__Other__X"])
    evaluation = evaluate_scores(root, make=right, one_each=True)
    assert [one.name for one in evaluation.scores["none"]] == ["A__Piece__X", "A__Other__X"]


def test_a_piece_that_fails_does_not_stop_the_others(root: Path):
    (root / "alignment/Other__Piece__B.tsv.gz").write_bytes(b"no gzip")
    told = []

    class Watcher(EvaluationWatcher):
        def failed(self, failure):
            told.append(failure.name)

        def scored(self, n_done, n_all):
            told.append((n_done, n_all))

    evaluation = evaluate_scores(root, make=right, watcher=Watcher())
    assert [one.name for one in evaluation.failures] == ["Other__Piece__B"]
    assert told == [(1, 2), "Other__Piece__B", (2, 2)]


def test_all_fail(root: Path):
    def make(played, settings):
        raise ScoreError("no score.")

    with pytest.raises(EvaluationError, match="Someone__Piece__A: no score"):
        evaluate_scores(root, make=make)


def test_transcriptions_are_judged_by_time(root: Path, tmp_path: Path):
    folder = tmp_path / "transcribed"
    folder.mkdir()
    played = performance()
    moved = Performance(tuple(replace(note, onset_s=note.onset_s + 0.03) for note in played.notes[:-1]))
    moved.save(folder / "Someone__Piece__A.json")
    evaluation = evaluate_scores(root, make=right, transcribed=folder)
    assert [one.name for one in evaluation.failures] == ["Other__Piece__B"]
    means = evaluation.means("none")
    assert (means["staff"], means["position"], means["voice"]) == (1, 1, 1)
    assert means["multi_pitch"] == pytest.approx(32 / 33)  # 17 true notes, 16 found


def test_json_before_midi(tmp_path: Path):
    for suffix in (".mid", ".json"):
        (tmp_path / f"a{suffix}").touch()
    assert find_transcription(tmp_path, "a").suffix == ".json"
    with pytest.raises(EvaluationError, match=r"holds no b\.mid"):
        find_transcription(tmp_path, "b")


def test_as_json(root: Path):
    data = json.loads(json.dumps(evaluate_scores(root, make=right).to_dict(), allow_nan=False))
    assert data["format"] == "pianotrans-score-evaluation"
    assert data["summary"]["none"]["staff"] == 1
    assert data["composers"]["none"]["Other"]["grace"] is None
    assert [one["figures"]["staff"] for one in data["pieces"]] == [1, 1]
    assert data["legibility"]["none"]["notes"] == {"found": 3, "true": 3}


def test_without_the_true_score(root: Path):
    (root / "scores/Someone__Piece.mxl").unlink()
    evaluation = evaluate_scores(root, make=right, n_at_most=1)
    assert evaluation.legibility("none") == {}
    assert truth().legibility is None
