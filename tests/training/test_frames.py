"""What happens at each frame by itself: targets, losses, and how long they count."""

from dataclasses import replace

import pytest
import torch

from pianotrans.errors import TrainingError
from pianotrans.events import Note, Pedal, Performance
from pianotrans.network import Model
from pianotrans.network.config import TracksConfig
from pianotrans.network.harmonic import HarmonicModelConfig
from pianotrans.network.harmonic.config import HarmonicConfig, LogSpectrogramConfig
from pianotrans.training.data.chunks import Batch
from pianotrans.training.data.labels import Labels, labels_of
from pianotrans.training.loss import Objective
from pianotrans.training.objective import Truth, frame_log_probability, frame_targets, log_probability
from pianotrans.training.runs.settings import FrameSettings, TrainingSettings
from pianotrans.training.runs.task import TOTAL
from pianotrans.training.transcription import random_model

CONFIG = HarmonicModelConfig(
    LogSpectrogramConfig(8000, 512, (1024,), max_hz=3900.0),
    HarmonicConfig(stem_width=2, width=16, gathered_width=2, hidden_width=4, dilations=(1,)),
    tracks=TracksConfig(("sustain",), 58, 64),
)
N_SAMPLES = 6000  # 13 frames of 64 ms


def some_labels(*, pedal: bool = True) -> Labels:
    """A key struck again in the frame in which it was let go, one that goes on, one of a single frame."""
    notes = (Note(0.064, 0.256, 60, 50), Note(0.256, 0.32, 60, 60), Note(0.3, 9.0, 62, 70), Note(0.4, 0.41, 64, 80))
    pedals = (Pedal(0.0, 0.2, "sustain"),) if pedal else ()
    return labels_of(Performance(notes, pedals), 0.0, CONFIG, N_SAMPLES)


@pytest.fixture(scope="module")
def model() -> Model:
    return random_model(CONFIG, 0)


def test_targets_are_what_the_labels_say(model: Model):
    labels = some_labels()
    truth = Truth.of([labels], CONFIG.tracks.n_tracks, torch.device("cpu"))
    onset, sound, offset = frame_targets(truth, torch.zeros(8, 13, 6)).unbind(dim=-1)
    for found, where in (
        (onset, {(0, 0), (3, 1), (3, 4), (5, 5), (7, 6)}),
        (offset, {(0, 3), (3, 4), (3, 5), (7, 6)}),  # that of key 62 lies behind the clip
        (
            sound,
            {*((0, t) for t in range(4)), *((3, t) for t in range(1, 6)), *((5, t) for t in range(5, 13)), (7, 6)},
        ),
    ):
        assert {tuple(place) for place in found.nonzero().tolist()} == where
        assert set(found.unique().tolist()) <= {0.0, 1.0}


def test_the_first_three_numbers_of_the_context_are_logits():
    """Right ones cost next to nothing, and one wrong onset costs five times as much as one wrong sound."""
    targets = torch.zeros(2, 4, 3)
    targets[0, 1] = 1.0
    right = torch.zeros(2, 4, 6)
    right[..., :3] = 40 * targets - 17
    assert frame_log_probability(right, targets).abs().max() < 1e-6
    costs = []
    for which in range(3):
        wrong = right.clone()
        wrong[0, 1, which] = -17
        costs.append(-frame_log_probability(wrong, targets)[0].item())
    assert costs == pytest.approx([100.0, 20.0, 100.0])


def test_every_parameter_is_trained(model: Model):
    samples = torch.randn(1, 1, N_SAMPLES, generator=torch.Generator().manual_seed(0))
    found = log_probability(model, samples, [some_labels()], with_frames=True)
    (found.total + found.frames).sum().backward()
    for name, weight in model.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.abs().max() > 0, name
    assert not log_probability(model, samples, [some_labels()]).frames.any()


def test_the_weight_falls_and_stays():
    course = FrameSettings(weight=2.0, fall=0.5, last_weight=0.5)
    assert [course.weight_of(step, 100) for step in (0, 25, 50, 99)] == pytest.approx([2.0, 1.25, 0.5, 0.5])
    assert FrameSettings().weight_of(0, 100) == 0.0
    assert FrameSettings(weight=1.0, fall=0.0).weight_of(0, 100) == 0.0
    with pytest.raises(TrainingError, match=r"frames.fall: 2.0 given"):
        FrameSettings(fall=2.0)


def test_frames_count_as_the_settings_say(model: Model):
    samples = torch.randn(1, 1, N_SAMPLES, generator=torch.Generator().manual_seed(0))
    batch = Batch(samples, [some_labels()], [""], [True])
    model.eval()
    plain = Objective(model)(batch)
    weighted = Objective(model, TrainingSettings(frames=FrameSettings(weight=2.0)))(batch)
    assert set(weighted) - set(plain) == {"frames"}
    torch.testing.assert_close(weighted[TOTAL], plain[TOTAL] + 2 * weighted["frames"])


def test_pedals_that_nobody_wrote_down_teach_nothing(model: Model):
    """Their tracks do not count, whatever the labels say of them; those of the keys do."""
    samples = torch.randn(2, 1, N_SAMPLES, generator=torch.Generator().manual_seed(0))
    model.eval()
    objective = Objective(model)
    with_pedal, without = some_labels(), some_labels(pedal=False)
    losses = [
        objective(Batch(samples, [labels, with_pedal], ["", ""], [known, True]))[TOTAL].item()
        for labels, known in ((with_pedal, False), (without, False), (with_pedal, True), (without, True))
    ]
    assert losses[0] == pytest.approx(losses[1])
    assert losses[0] < losses[2]
    assert losses[2] != pytest.approx(losses[3])
    batch = replace(Batch(samples, [without, without], ["", ""], [False, True]))
    assert batch.heard(CONFIG.tracks).tolist() == [[0.0, *[1.0] * 7], [1.0] * 8]
