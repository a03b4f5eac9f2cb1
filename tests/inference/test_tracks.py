"""A model's pedals and keys are those of its configuration, from the network to the files."""

from pathlib import Path

import numpy as np
import pytest
import torch

from pianotrans.events import Performance, load_midi
from pianotrans.inference.registry import WEIGHTS_FILE
from pianotrans.inference.transcriber import Transcriber
from pianotrans.weights import encode_weights
from tests.inference.making import CONFIG, small_model

RATE = 8000
TRACKS = {
    "three pedals": ('pedals = ["sustain", "sostenuto", "soft"]', {"sustain", "sostenuto", "soft"}, range(21, 109)),
    "no pedals": ("pedals = []", set(), range(21, 109)),
    "few keys": ('pedals = ["sostenuto"]\nlowest_key = 60\nhighest_key = 71', {"sostenuto"}, range(60, 72)),
}


@pytest.fixture(scope="module", params=TRACKS)
def heard(request, tmp_path_factory: pytest.TempPathFactory) -> tuple[Performance, set[str], range]:
    """What a random model, which hears a singleton in every frame of every track, makes of noise."""
    settings, pedals, keys = TRACKS[request.param]
    folder = tmp_path_factory.mktemp("model")
    model = small_model(folder, config=f"{CONFIG}[tracks]\n{settings}\n")
    with torch.no_grad():
        model.scorer.bias[-1] = 1e6
    (folder / WEIGHTS_FILE).write_bytes(encode_weights(model.state_dict()))
    noise = np.random.default_rng(0).normal(0, 0.1, RATE // 2)
    transcriber = Transcriber(folder, device="cpu", precision="float32")
    return transcriber.transcribe(noise, RATE), pedals, keys


def test_every_track_is_heard_as_what_it_is(heard):
    performance, pedals, keys = heard
    assert {pedal.kind for pedal in performance.pedals} == pedals
    assert {note.key for note in performance.notes} == set(keys)


def test_files_hold_all_of_it(heard, tmp_path: Path):
    performance, pedals, _ = heard
    performance.save(tmp_path / "x.mid")
    assert {pedal.kind for pedal in load_midi(tmp_path / "x.mid").pedals} == pedals
    performance.save(tmp_path / "x.csv")
    kinds = {line.partition(",")[0] for line in (tmp_path / "x.csv").read_text().splitlines()[1:]}
    assert kinds == pedals | {"note"}
    assert Performance.from_dict(performance.to_dict()) == performance
