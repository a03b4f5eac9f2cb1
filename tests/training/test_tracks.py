"""Training goes by the pedals and keys of a model's configuration."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from pianotrans.events import Durations, Note, Pedal, Performance
from pianotrans.network import ModelConfig
from pianotrans.network.config import TracksConfig
from pianotrans.training.data.event_arrays import EventArrays
from pianotrans.training.data.index import FILE_NAME, Index, write_index
from pianotrans.training.data.labels import labels_of
from pianotrans.training.runs.distributed import make_fabric
from pianotrans.training.runs.run_folder import TrainingRecipe
from pianotrans.training.runs.start import Request, make_loop
from tests.inference.making import CONFIG
from tests.training.making import QUICK
from tests.training.recordings import tones

TRACKS = {
    "three pedals": TracksConfig(("sustain", "sostenuto", "soft")),
    "no pedals": TracksConfig(()),
    "few keys": TracksConfig(("sostenuto",), 60, 71),
}
PLAYED = Performance(
    (Note(0.1, 0.3, 21, 50), Note(0.1, 0.4, 60, 60)),
    (Pedal(0.1, 0.4, "sustain"), Pedal(0.2, 0.4, "sostenuto"), Pedal(0.3, 0.4, "soft")),
    0.5,
)


@pytest.mark.parametrize(
    ("tracks", "numbers"),
    [
        (TRACKS["three pedals"], [-64, -66, -67, 21, 60]),
        (TRACKS["no pedals"], [21, 60]),
        (TRACKS["few keys"], [-66, 60]),
        (TracksConfig(), [-64, -67, 21, 60]),
    ],
)
def test_labels_are_those_of_the_models_tracks(tracks: TracksConfig, numbers: list[int]):
    labels = labels_of(PLAYED, 0.0, replace(ModelConfig(), tracks=tracks), 44_100)
    assert [tracks.numbers[track] for track in labels.track] == numbers


@pytest.mark.parametrize("name", TRACKS)
def test_a_step_of_training(tmp_path: Path, name: str):
    tracks, folder = TRACKS[name], tmp_path / "model"
    folder.mkdir()
    pedals = ", ".join(f'"{kind}"' for kind in tracks.pedals)
    keys = f"lowest_key = {tracks.lowest_key}\nhighest_key = {tracks.highest_key}\n"
    (folder / "config.toml").write_text(f"{CONFIG}[tracks]\npedals = [{pedals}]\n{keys}")
    (folder / "training.toml").write_text("")
    recording = replace(tones(tmp_path / "x.wav", duration_s=1.0), events=EventArrays.of(PLAYED))
    write_index(tmp_path / FILE_NAME, Index(tmp_path, "made", Durations.keys, (recording,)))

    recipe = TrainingRecipe.read(str(folder), (*QUICK, "steps=1"))
    loop = make_loop(Request(recipe, (tmp_path,), tmp_path / "run"), make_fabric("cpu"))
    before = [weight.detach().clone() for weight in loop.state.model.parameters()]
    loop.run()
    assert loop.state.step == 1
    assert any(not torch.equal(*pair) for pair in zip(before, loop.state.model.parameters(), strict=True))
    assert loop.state.model.config.tracks == tracks
