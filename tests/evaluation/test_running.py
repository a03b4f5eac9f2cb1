"""Files scored in one process and in several: the same; what cannot be read does not stop the rest."""

import pickle

import pytest

from pianotrans.evaluation import (
    EvaluationSettings,
    Failure,
    FilePair,
    default_jobs,
    pair_files,
    score_files,
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
    by_name = {result.name: result for result in results}
    assert sorted(by_name) == ["0", "1", "2", "broken"]
    failure = by_name.pop("broken")
    assert isinstance(failure, Failure)
    assert failure.reason.startswith("broken.mid: ")
    for pair in pairs:
        if pair.name in by_name:
            alone = score_piece(load_midi(pair.reference), load_midi(pair.estimate), SETTINGS, name=pair.name)
            assert by_name[pair.name].scores == alone.scores
            assert by_name[pair.name].mistakes == alone.mistakes


def test_one_process(pairs):
    check(score_files(pairs, SETTINGS), pairs)


@pytest.mark.slow
def test_two_processes(pairs):
    check(score_files(pairs, SETTINGS, jobs=2), pairs)


def test_scores_travel_between_processes(pairs):
    piece = next(iter(score_files(pairs, SETTINGS)))
    assert pickle.loads(pickle.dumps(piece)).scores == piece.scores


def test_no_files():
    assert list(score_files([], SETTINGS, jobs=4)) == []


def test_few_pieces_are_not_worth_a_process():
    assert default_jobs(0) == default_jobs(1) == default_jobs(31) == 1
    assert default_jobs(10**6) >= 1


def test_a_text_file_of_maps_may_be_the_reference(tmp_path):
    played = crowd(4, n_notes=30, duration_s=10.0).without_pedals()
    lines = [f"{note.onset_s} {note.offset_s} {note.key}" for note in played.notes]
    (tmp_path / "a.txt").write_text("\n".join(["OnsetTime OffsetTime MidiPitch", *lines]))
    heard(played, 4).save(tmp_path / "a.mid")
    (piece,) = score_files([FilePair("a", tmp_path / "a.txt", tmp_path / "a.mid")], SETTINGS)
    alone = score_piece(played, load_midi(tmp_path / "a.mid"), SETTINGS)
    for column, score in alone.scores.items():
        if "velocity" in column.metric:
            assert not piece.scores[column].is_defined
        else:
            assert piece.scores[column].f1 == pytest.approx(score.f1, abs=1e-12)
