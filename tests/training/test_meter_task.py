"""A meter model in the loop: it learns, repeats itself exactly, goes on where it stopped, and is exported."""

from pathlib import Path

import numpy as np
import pytest
import torch

from pianotrans.errors import Cancelled, TrainingError
from pianotrans.score.beats.notes import NoteTable
from pianotrans.score.meter.model import MeterModel
from pianotrans.score.meter.network import PLACES
from pianotrans.training.beats.examples import BeatSource
from pianotrans.training.meter.augmentation import MeterAugmentation, change_level, harm_beats
from pianotrans.training.meter.examples import collate_meters, label_beats, make_meter_example
from pianotrans.training.runs.distributed import make_fabric
from pianotrans.training.runs.export import export
from pianotrans.training.runs.loop import Loop
from pianotrans.training.runs.run_folder import RunFolder, TrainingRecipe
from pianotrans.training.runs.start import Request, make_loop

from .annotated import BEAT_S, quavers, write_asap, write_piano_midi_de
from .making import contents

CONFIG = """
width = 16
n_heads = 2
n_blocks = 1
"""
RECIPE = """
kind = "meter"
steps = 6
warm_up_steps = 1
rate = 1e-3
pieces_per_step = 3
cut = 20
save_every_steps = 2
[validation]
every_steps = 0
"""
BEATS_S = BEAT_S * np.arange(25)
IS_DOWNBEAT = np.arange(25) % 3 == 1


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> tuple[Path, ...]:
    folder = tmp_path_factory.mktemp("data")
    return write_asap(folder / "asap"), write_piano_midi_de(folder / "piano-midi-de")


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("recipe")
    (folder / "config.toml").write_text(CONFIG)
    (folder / "training.toml").write_text(RECIPE)
    return folder


def meter_loop(recipe, data, out, *changes, resume=False, **options) -> Loop:
    request = Request(TrainingRecipe.read(str(recipe), changes), tuple(data), out, resume, None)
    return make_loop(request, make_fabric("cpu"), **options)


@pytest.fixture(scope="module")
def whole(recipe, data, tmp_path_factory) -> RunFolder:
    folder = tmp_path_factory.mktemp("whole")
    meter_loop(recipe, data, folder).run()
    return RunFolder(folder)


def test_places_are_those_of_whole_bars():
    beats = label_beats(BEATS_S, IS_DOWNBEAT)
    assert [PLACES[place] for place in beats.place[1:7]] == 2 * [(3, 0), (3, 1), (3, 2)]
    assert beats.place[0] == -1  # the pickup
    assert set(beats.place[-3:]) == {-1}  # a last bar may be incomplete


@pytest.mark.parametrize(("n_in_bar", "counted"), [(2, {4}), (4, {2}), (3, {3})])
def test_bars_stay_where_more_or_fewer_beats_are_counted(n_in_bar: int, counted: set[int]):
    """Of bars with as many beats as places are known for, the places are known."""
    is_downbeat, random = np.arange(25) % n_in_bar == 0, np.random.default_rng(0)
    always, found, n_beats = MeterAugmentation(at_another_level=1.0), set(), set()
    for _ in range(30):
        beats_s, begins = change_level(BEATS_S, is_downbeat, always, random)
        n_beats.add(len(beats_s))
        np.testing.assert_allclose(beats_s[begins], BEATS_S[is_downbeat])
        found |= {PLACES[place][0] for place in label_beats(beats_s, begins).place if place >= 0}
    assert n_beats == {49, 73, 25 if n_in_bar == 3 else 13}
    assert found == counted


def test_examples_are_a_function_of_the_seed():
    source = BeatSource("a", "a", "", NoteTable.from_performance(quavers(25, 3)), BEATS_S, IS_DOWNBEAT)
    batches = []
    for _ in range(2):
        random = np.random.default_rng(3)
        examples = [make_meter_example(source, MeterAugmentation(), 12, random) for _ in range(20)]
        batches.append(collate_meters(examples))
    for one, other in zip(*batches, strict=True):
        assert one == other if isinstance(one, tuple) else torch.equal(one, other)
    assert set(batches[0].place.flatten().tolist()) == {-1, 2, 3, 4}
    assert batches[0].features.shape[:2] == batches[0].place.shape == (20, 12)


def test_changed_beats_stay_in_order():
    random = np.random.default_rng(0)
    for _ in range(50):
        beats = harm_beats(label_beats(BEATS_S, IS_DOWNBEAT), MeterAugmentation(most_lost=0.2), random)
        assert np.all(np.diff(beats.times_s) > 0)
        assert len(beats.times_s) == len(beats.place) == len(beats.is_downbeat)


@pytest.mark.parametrize("n_steps", [3, 4])  # between two checkpoints, and where one is due
def test_stopped_and_resumed_gives_the_same_weights(recipe, data, tmp_path, whole, n_steps):
    n_asked = iter(range(100))
    stopped = meter_loop(recipe, data, tmp_path, is_stopping=lambda: next(n_asked) + 1 >= n_steps)
    with pytest.raises(Cancelled, match="--resume"):
        stopped.run()
    resumed = meter_loop(recipe, data, tmp_path, resume=True)
    resumed.run()
    assert contents(resumed.checkpoints.last()) == contents(whole.checkpoints.last())


def test_a_checkpoint_is_validated_and_exported(recipe, data, tmp_path):
    one = meter_loop(recipe, data, tmp_path / "run", "validation.every_steps=6", "validation.recordings=2")
    one.run()
    run = RunFolder(tmp_path / "run")
    assert run.checkpoints.last().scores.keys() == {"downbeats", "pieces", "places"}
    assert export(run, tmp_path / "mine", bits=8).step == 6
    assert "3 performances (asap, piano-midi-de, split train)" in (tmp_path / "mine" / "README.md").read_text()
    says = MeterModel.load(tmp_path / "mine").hear(NoteTable.from_performance(quavers(25, 3)), BEATS_S)
    assert torch.isfinite(says.place).all()


def test_pieces_to_learn_from_are_needed(recipe, data, tmp_path):
    with pytest.raises(TrainingError, match="no pieces"):
        meter_loop(recipe, data, tmp_path / "run", "split=test")
    with pytest.raises(TrainingError, match="cut"):
        meter_loop(recipe, data, tmp_path / "run", "cut=0")
