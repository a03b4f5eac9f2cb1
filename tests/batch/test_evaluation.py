"""The evaluation of a data set from Python: what it returns, keeps and tells."""

import shutil
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

import pianotrans
from pianotrans.batch import RunWatcher, measuring, transcribe_items
from pianotrans.batch.dataset_watcher import DatasetWatcher
from pianotrans.errors import DatasetError, EvaluationError, UsageError
from pianotrans.evaluation import KEYS, EvaluationSettings
from pianotrans.workers.recipe import Recipe
from tests.batch.making import TINY, pool_here
from tests.commands.driving import SEED, clip, names
from tests.synthesis import random_performance


@pytest.fixture
def songs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two recordings with their MIDI, one without, and a table that gives them splits."""
    monkeypatch.setattr(measuring, "transcribe_items", partial(transcribe_items, make_pool=pool_here))
    root = tmp_path / "songs"
    for name in ("a", "b", "alone"):
        clip(root / f"{name}.wav")
    for name in ("a", "b"):
        random_performance(SEED, 2.0).save(root / f"{name}.mid")
    (root / "splits.csv").write_text("audio,midi,split\na.wav,a.mid,train\nb.wav,b.mid,test\n")
    return root


class Notes(DatasetWatcher):
    """Notes down what it is told, in order."""

    def __init__(self):
        self.told: list[str] = []

    def warned(self, line):
        self.told.append(line)

    def failed(self, failure):
        self.told.append(f"failed {failure.name}")

    def checked(self, n_done, n_all):
        self.told.append(f"checked {n_done} of {n_all}")

    @contextmanager
    def transcribing(self):
        self.told.append("transcribing")
        yield RunWatcher()
        self.told.append("transcribed")

    def scored(self, n_done, n_all):
        self.told.append(f"scored {n_done} of {n_all}")


def test_the_same_scores_as_of_files(songs: Path, tmp_path: Path):
    watcher = Notes()
    scores = pianotrans.evaluate_dataset(songs, recipe=TINY, output=tmp_path / "out", watcher=watcher)
    assert scores.provenance.model == "tiny"
    assert scores.provenance.layout == "folder"
    assert scores.incomplete == ("alone: no MIDI file for alone.wav",)
    assert watcher.told == [
        *scores.incomplete,
        *("checked 1 of 2", "checked 2 of 2", "transcribing", "transcribed", "scored 1 of 2", "scored 2 of 2"),
    ]
    kept = names(tmp_path / "out")
    assert {f"transcriptions/{name}.{suffix}" for name in "ab" for suffix in ("mid", "json")} <= set(kept)
    assert not [name for name in kept if "/" not in name], "only what was transcribed"
    by_hand = pianotrans.evaluate(songs, tmp_path / "out/transcriptions")
    assert [piece.scores for piece in by_hand.pieces] == [piece.scores for piece in scores.pieces]
    assert sum(piece.n_estimate for piece in scores.pieces) > 0, "nothing heard, nothing tested"


def test_a_part_under_other_settings(songs: Path):
    settings = EvaluationSettings(conventions=(KEYS,), limit_s=1.0)
    scores = pianotrans.evaluate_dataset(
        songs / "splits.csv", split="test", name_filter="b", n_at_most=1, recipe=TINY, settings=settings
    )
    assert [piece.name for piece in scores.pieces] == ["b"]
    assert scores.settings == settings
    provenance = scores.provenance
    assert (provenance.layout, provenance.split, provenance.name_filter, provenance.n_at_most) == (
        "csv",
        "test",
        "b",
        1,
    )


@pytest.mark.shared
def test_a_recording_that_crashes_whoever_opens_it(songs: Path, shared: Path):
    """Its length is asked for in another process; it is transcribed, or not, in a third."""

    class Stops(DatasetWatcher):
        def transcribing(self):
            raise KeyboardInterrupt

    shutil.copy(shared / "field" / "attack" / "crash_channels0.adx", songs / "b.wav")
    with pytest.raises(KeyboardInterrupt):  # so it lives
        pianotrans.evaluate_dataset(songs, recipe=TINY, watcher=Stops())


def test_what_is_wrong_as_a_whole(songs: Path):
    with pytest.raises(UsageError, match=r"^layout: 'mastro'"):
        pianotrans.evaluate_dataset(songs, layout="mastro", recipe=TINY)
    with pytest.raises(UsageError, match=r"^hop_s: 99"):
        pianotrans.evaluate_dataset(songs, recipe=Recipe(model="tiny", hop_s=99.0))
    with pytest.raises(DatasetError, match="nowhere"):
        pianotrans.evaluate_dataset(songs / "nowhere", recipe=TINY)
    for name in ("a", "b"):
        (songs / f"{name}.mid").write_text("no MIDI")
    watcher = Notes()
    with pytest.raises(EvaluationError, match=r"The first is a: a\.mid: does not begin as MIDI"):
        pianotrans.evaluate_dataset(songs, recipe=TINY, watcher=watcher)
    assert [line for line in watcher.told if line.startswith("failed")] == ["failed a", "failed b"]
