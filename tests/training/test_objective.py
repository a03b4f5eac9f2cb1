"""The objective against the reference implementation's numbers, and against its own definition."""

import dataclasses
import math

import numpy as np
import pytest
import soundfile
import torch

from pianotrans.events import Note, Pedal, Performance, load_midi
from pianotrans.network import Model, ModelConfig
from pianotrans.network.config import AttributesConfig, SpectrogramConfig, TransformerConfig
from pianotrans.training.data.labels import Labels, labels_of
from pianotrans.training.objective import log_probability
from tests.semicrf.dense import log_partition, score_map

SMALL = ModelConfig(
    SpectrogramConfig(8000, 512, 1024, 24, 30.0, 4000.0, 1), TransformerConfig(16, 2, 1, 2), AttributesConfig(8)
)

N_SAMPLES = 6000  # 13 frames
N_TRACKS = SMALL.tracks.n_tracks


@pytest.fixture
def model() -> Model:
    torch.manual_seed(1)
    model = Model(SMALL)
    model.spectrogram.mel_filters.uniform_(0, 0.1)
    return model.eval()


@pytest.fixture
def samples() -> torch.Tensor:
    return torch.randn(2, 2, N_SAMPLES, generator=torch.Generator().manual_seed(2))


def some_labels() -> list[Labels]:
    """Two clips, the second with nothing in it."""
    notes = (Note(0.0, 0.2, 60, 50), Note(0.2, 0.21, 60, 60), Note(0.3, 9.0, 108, 127))
    performance = Performance(notes, (Pedal(0.05, 0.5, "sustain"), Pedal(0.1, 0.3, "soft")))
    return [labels_of(performance, 0.1, SMALL, N_SAMPLES), Labels.nothing()]


@pytest.mark.weights
@pytest.mark.shared
@pytest.mark.slow
def test_log_probability_of_the_golden_clip(published, shared):
    with np.load(shared / "golden" / "segment.npz") as golden:
        expected = golden["log_prob"]
    path = shared / "maestro-mini" / "2006" / "schubert_impromptu.wav"
    frames, _ = soundfile.read(path, dtype="float32", frames=705_600, always_2d=True)
    labels = labels_of(load_midi(path.with_suffix(".midi")), 0.0, published.config, 705_600)
    with torch.inference_mode():
        found = log_probability(published, torch.from_numpy(frames.T.copy())[None], [labels])
    assert np.count_nonzero(found.attributes) > 20
    np.testing.assert_allclose(found.total[0], expected, rtol=1e-3, atol=1e-2)


def test_log_probability_by_definition(model, samples):
    """Written out for every event, from score maps in float64."""
    labels = some_labels()
    with torch.no_grad():
        found = log_probability(model, samples, labels)
        context, scores = model(samples)
    assert found.intervals.shape == found.attributes.shape == found.total.shape == (2, N_TRACKS)
    full = score_map(scores).double()
    intervals, attributes = -log_partition(full)[:, 0].reshape(2, N_TRACKS), torch.zeros(2, N_TRACKS).double()
    for i, track in enumerate(labels[0].track):
        begin, end = labels[0].begin[i], labels[0].end[i]
        intervals[0, track] += full[track, begin, end]
        velocity, refinement = model.attributes(context[0, track, begin][None], context[0, track, end][None])
        attributes[0, track] += velocity.log_softmax(dim=1)[0, labels[0].velocity[i]].item()
        onset, offset, onset_present, offset_present = refinement[0].tolist()
        for logit, position in ((onset, labels[0].onset_position[i]), (offset, labels[0].offset_position[i])):
            attributes[0, track] += math.log(density(0.99 * position + 0.5, logit))
        for logit, is_present in (
            (onset_present, labels[0].onset_present[i]),
            (offset_present, labels[0].offset_present[i]),
        ):
            probability = 1 / (1 + math.exp(-logit))
            attributes[0, track] += math.log(probability if is_present else 1 - probability)
    np.testing.assert_allclose(found.intervals, intervals, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found.attributes, attributes, rtol=1e-4, atol=1e-4)
    assert found.attributes[0].count_nonzero() == len(set(labels[0].track.tolist())) == 4


def density(x: float, logit: float) -> float:
    """The continuous Bernoulli density, normalised by integration."""
    grid = np.linspace(0, 1, 100_001)
    p = 1 / (1 + math.exp(-logit))
    return p**x * (1 - p) ** (1 - x) / np.trapezoid(p**grid * (1 - p) ** (1 - grid), grid)


def test_every_parameter_is_trained(model, samples):
    log_probability(model, samples, some_labels()).total.sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().max() > 0, name


def test_silence_without_labels(model):
    found = log_probability(model, torch.zeros(1, 1, N_SAMPLES), [Labels.nothing()])
    assert torch.isfinite(found.total).all()
    assert found.attributes.abs().max() == 0
    found.total.sum().backward()
    assert all(torch.isfinite(x.grad).all() for x in model.parameters() if x.grad is not None)


def test_clips_do_not_depend_on_each_other(model, samples):
    labels = [some_labels()[0], some_labels()[0]]
    both = log_probability(model, samples, labels).total
    for i in range(2):
        alone = log_probability(model, samples[i : i + 1], labels[i : i + 1]).total
        np.testing.assert_allclose(alone[0].detach(), both[i].detach(), rtol=1e-4, atol=1e-4)


def test_autocast_reaches_the_transformer_alone(model, samples, monkeypatch):
    seen = {}

    def watch(name, module):
        def hook(module, inputs, output):
            seen[name] = [x.dtype for x in (output if isinstance(output, tuple) else (output,))]

        module.register_forward_hook(hook)

    watch("spectrogram", model.spectrogram)
    watch("expand", model.backbone.blocks[0].after_time.expand)
    watch("attributes", model.attributes)
    find_scores = model.scores

    def scores_of(context):
        scores = find_scores(context)
        seen["scorer"] = [x.dtype for x in scores.factors]
        return scores

    monkeypatch.setattr(model, "scores", scores_of)
    plain = log_probability(model, samples, some_labels())
    assert seen["expand"] == [torch.float32]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        cast = log_probability(model, samples, some_labels())
        cast.total.sum().backward()
    assert seen["expand"] == [torch.bfloat16]
    assert {x for name in ("spectrogram", "scorer", "attributes") for x in seen[name]} == {torch.float32}
    assert cast.total.dtype == torch.float64
    np.testing.assert_allclose(cast.total.detach(), plain.total.detach(), rtol=0.05, atol=0.5)


def test_dropout_is_a_matter_of_training_alone(model, samples):
    labels = some_labels()
    still = log_probability(model, samples, labels)
    model.train()
    shaken = [log_probability(model, samples, labels) for _ in range(2)]
    assert torch.equal(shaken[0].intervals, still.intervals)
    assert not torch.equal(shaken[0].attributes, shaken[1].attributes)
    model.attributes.dropout.p = 0.0
    assert torch.equal(log_probability(model, samples, labels).attributes, still.attributes)
    assert not [name for name in model.state_dict() if "dropout" in name]


def test_labels_of_other_clips_are_refused(model, samples):
    with pytest.raises(ValueError, match="labels of 1 clips given with samples of 2: one for each needed"):
        log_probability(model, samples, [Labels.nothing()])
    labels = some_labels()[0]
    late = dataclasses.replace(labels, end=labels.end + 1)
    with pytest.raises(ValueError, match="labels up to frame 13 given for clips of 13 frames: cut both alike"):
        log_probability(model, samples, [late, late])


def test_blocks_computed_again_give_the_same_gradients(model, samples):
    found = []
    for recompute in (False, True):
        model.zero_grad()
        model.backbone.recompute_blocks(recompute)
        total = log_probability(model, samples, some_labels()).total.sum()
        total.backward()
        found.append([total.detach(), *(x.grad for x in model.parameters())])
    for kept, again in zip(*found, strict=True):
        assert torch.equal(kept, again)
