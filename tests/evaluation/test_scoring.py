"""Whole evaluations: in one process and in several the same; what cannot be read does not stop the rest."""

import pickle

import pytest

import pianotrans
from pianotrans.errors import EvaluationError, MidiError, OutputError
from pianotrans.evaluation import (
    EvaluationSettings,
    EvaluationWatcher,
    FilePair,
    default_jobs,
    pair_files,
    score_midi,
    score_pairs,
    score_piece,
)
from pianotrans.events import load_midi

from .making import crowd, heard

SETTINGS = EvaluationSettings()


@pytest.fixture
def pairs(tmp_path):
    for folder in ("ref", "est"):
        (tmp_path / folder).mkdir()
    for seed in range(3):
        played = crowd(seed, n_notes=30, duration_s=10.0)
        played.save(tmp_path / f"ref/{seed}.mid")
        heard(played, seed).save(tmp_path / f"est/{seed}.mid")
    (tmp_path / "ref/broken.mid").write_bytes(b"MThd")
    heard(played, 9).save(tmp_path / "est/broken.mid")
    return pair_files(tmp_path / "ref", tmp_path / "est").pairs


def check(results, pairs):
    pieces, (failure,) = results
    assert [piece.name for piece in pieces] == ["0", "1", "2"]
    assert failure.name == "broken"
    assert failure.reason.startswith("broken.mid: ")
    for pair, piece in zip(pairs, pieces, strict=False):
        alone = score_piece(load_midi(pair.reference), load_midi(pair.estimate), SETTINGS, name=pair.name)
        assert piece.scores == alone.scores
        assert piece.mistakes == alone.mistakes


def test_one_process(pairs):
    check(score_pairs(pairs, SETTINGS, n_jobs=1), pairs)


@pytest.mark.slow
def test_two_processes(pairs):
    check(score_pairs(pairs, SETTINGS, n_jobs=2), pairs)


def test_scores_travel_between_processes(pairs):
    (piece,), _ = score_pairs(pairs[:1], SETTINGS)
    assert pickle.loads(pickle.dumps(piece)).scores == piece.scores


def test_no_files():
    assert score_pairs([], SETTINGS, n_jobs=4) == ((), ())


def test_few_pieces_are_not_worth_a_process():
    assert default_jobs(0) == default_jobs(1) == default_jobs(31) == 1
    assert default_jobs(10**6) >= 1


def test_a_text_file_of_maps_may_be_the_reference(tmp_path):
    played = crowd(4, n_notes=30, duration_s=10.0).without_pedals()
    lines = [f"{note.onset_s} {note.offset_s} {note.key}" for note in played.notes]
    (tmp_path / "a.txt").write_text("\n".join(["OnsetTime OffsetTime MidiPitch", *lines]))
    heard(played, 4).save(tmp_path / "a.mid")
    (piece,), _ = score_pairs([FilePair("a", tmp_path / "a.txt", tmp_path / "a.mid")], SETTINGS)
    alone = score_piece(played, load_midi(tmp_path / "a.mid"), SETTINGS)
    for column, score in alone.scores.items():
        if "velocity" in column.metric:
            assert not piece.scores[column].is_defined
        else:
            assert piece.scores[column].f1 == pytest.approx(score.f1, abs=1e-12)


class Watcher(EvaluationWatcher):
    """Notes down what it is told."""

    def __init__(self):
        self.lines, self.failures, self.steps = [], [], []

    def unmatched(self, line):
        self.lines.append(line)

    def failed(self, failure):
        self.failures.append(failure)

    def scored(self, n_done, n_all):
        self.steps.append((n_done, n_all))


def test_the_watcher_is_told_what_the_evaluation_holds(pairs, tmp_path):
    crowd(8, n_notes=3, duration_s=2.0).save(tmp_path / "ref/alone.mid")
    crowd(8, n_notes=3, duration_s=2.0).save(tmp_path / "est/other.mid")
    watcher = Watcher()
    evaluation = score_midi(tmp_path / "ref", tmp_path / "est", SETTINGS, n_jobs=1, watcher=watcher)
    assert evaluation.reference_only == (str(tmp_path / "ref/alone.mid"),)
    assert evaluation.estimate_only == (str(tmp_path / "est/other.mid"),)
    assert watcher.lines == [
        f"no estimate for {tmp_path / 'ref/alone.mid'}",
        f"no reference for {tmp_path / 'est/other.mid'}",
    ]
    assert tuple(watcher.failures) == evaluation.failures != ()
    assert watcher.steps == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_files_folders_and_performances_score_alike(pairs, tmp_path):
    whole = pianotrans.evaluate(tmp_path / "ref", str(tmp_path / "est"), onset_tolerance_s=0.02)
    assert whole.settings == EvaluationSettings(onset_tolerance_s=0.02)
    files = [tmp_path / "ref/1.mid", tmp_path / "est/1.mid"]
    performances = [pianotrans.load_performance(path) for path in files]
    for arguments in (files, performances, [files[0], performances[1]], [performances[0], str(files[1])]):
        (piece,) = pianotrans.evaluate(*arguments, onset_tolerance_s=0.02).pieces
        assert piece.scores == whole.pieces[1].scores


def test_nothing_to_score_is_an_error(pairs, tmp_path):
    with pytest.raises(EvaluationError, match=r"first is broken: broken\.mid: "):
        pianotrans.evaluate(tmp_path / "ref/broken.mid", tmp_path / "est/0.mid")
    with pytest.raises(MidiError, match=r"broken\.mid: "):
        pianotrans.evaluate(tmp_path / "ref/broken.mid", load_midi(tmp_path / "est/0.mid"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(EvaluationError, match=r"4 MIDI files in .*ref, 0 in .*empty"):
        pianotrans.evaluate(tmp_path / "ref", tmp_path / "empty")


def test_an_evaluation_is_saved_once(pairs, tmp_path, monkeypatch):
    monkeypatch.setattr("pianotrans.evaluation.saving.draw_all", lambda _: {"pieces.png": b"picture"})
    evaluation = pianotrans.evaluate(tmp_path / "ref", tmp_path / "est")
    names = evaluation.save(tmp_path / "a/b")
    texts = ["circumstances.csv", "errors.csv", "pieces.csv", "summary.json", "summary.md", "tolerances.csv"]
    assert sorted(names) == sorted(["pieces.png", *texts])
    assert sorted(path.name for path in (tmp_path / "a/b").iterdir()) == sorted(names)
    with pytest.raises(OutputError, match=r"b: holds summary\.json already"):
        evaluation.save(tmp_path / "a/b")
    assert evaluation.save(str(tmp_path / "a/b"), overwrite=True) == names
