"""Training the harmonic network: it learns, and it goes on exactly where it stopped."""

from pathlib import Path

import numpy as np
import pytest
import torch

from pianotrans.events import Note, Performance
from pianotrans.inference.decoding import decode_segments
from pianotrans.network.config import TracksConfig
from pianotrans.network.harmonic import HarmonicModelConfig
from pianotrans.network.harmonic.config import HarmonicConfig, LogSpectrogramConfig
from pianotrans.training.data.chunks import Batch
from pianotrans.training.data.labels import Labels, labels_of
from pianotrans.training.loss import Objective
from pianotrans.training.optimisation.schedule import trapezoid
from pianotrans.training.runs.settings import FrameSettings, OptimisationSettings, TrainingSettings
from pianotrans.training.runs.state import TrainingState
from pianotrans.training.runs.task import TOTAL
from pianotrans.training.transcription import make_model, make_state
from tests.synthesis import render

RATE, N_SAMPLES = 12_000, 24_000
CONFIG = HarmonicModelConfig(
    LogSpectrogramConfig(RATE, 384, (2048, 512), max_hz=5000.0),
    HarmonicConfig(stem_width=4, width=24, gathered_width=8, hidden_width=24, dilations=(1, 2)),
    tracks=TracksConfig(("sustain",), 55, 72),
)
SETTINGS = TrainingSettings(
    steps=200,
    attribute_dropout=0.0,
    frames=FrameSettings(weight=1.0, fall=0.5),
    optimisation=OptimisationSettings(
        "muon", peak_rate=6e-3, epsilon=1e-8, deviation_decay=0.98, average_decay=0.0
    ),
)
NOTES = (Note(0.2, 0.7, 60, 80), Note(0.7, 1.5, 60, 50), Note(0.4, 1.2, 67, 100), Note(1.3, 1.8, 64, 64))


def clip() -> tuple[np.ndarray, Labels]:
    performance = Performance(NOTES, (), N_SAMPLES / RATE)
    samples = render(performance, RATE, 1)[:N_SAMPLES]
    return samples.astype(np.float32), labels_of(performance, 0.0, CONFIG, N_SAMPLES)


def take_steps(state: TrainingState, n_steps: int) -> list[float]:
    samples, labels = clip()
    objective, losses = Objective(state.model, SETTINGS), []  # type: ignore[arg-type]
    for _ in range(n_steps):
        for group in state.optimizer.param_groups:
            group["lr"] = trapezoid(state.step, SETTINGS.steps, SETTINGS.optimisation.peak_rate, 10, 0.5)
        torch.manual_seed(state.step)
        loss = objective(Batch(torch.from_numpy(samples)[None, None], [labels], [""], [False]), state.step)[TOTAL]
        loss.backward()
        state.clip.apply(state.model.parameters())
        state.optimizer.step()
        state.optimizer.zero_grad()
        state.step += 1
        state.average.update(state.step)
        losses.append(loss.item())
    return losses


def make() -> TrainingState:
    return make_state(make_model(CONFIG, SETTINGS), SETTINGS)


def test_a_run_goes_on_bit_by_bit(tmp_path: Path):
    whole, begun = make(), make()
    take_steps(whole, 4)
    take_steps(begun, 2)
    for name, content in begun.files().items():
        (tmp_path / name).write_bytes(content)
    resumed = make()
    resumed.restore(tmp_path)
    take_steps(resumed, 2)
    for one, other in zip(whole.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.slow
def test_it_learns_a_clip_by_heart():
    """Both strokes of a repeated key among them, which nothing but the pointer tells apart."""
    state = make()
    losses = take_steps(state, SETTINGS.steps)
    assert losses[-1] < losses[0] / 50, losses[-1]
    state.model.eval()
    samples, labels = clip()
    [paths] = decode_segments(state.model, [samples[None]])  # type: ignore[arg-type]
    found = paths.read(np.zeros(CONFIG.tracks.n_tracks, np.int64))
    keys = found.track >= len(CONFIG.tracks.pedals)
    places = {tuple(row) for row in np.stack([found.track, found.begin, found.end], axis=1)[keys].tolist()}
    assert places == {tuple(row) for row in np.stack([labels.track, labels.begin, labels.end], axis=1).tolist()}
