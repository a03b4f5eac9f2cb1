"""Every stage of the published model against the reference implementation's intermediate values."""

import numpy as np
import pytest
import soundfile
import torch

from pianotrans.inference.decoding import decode_segments
from tests.semicrf.dense import log_partition, score_map

pytestmark = [pytest.mark.shared, pytest.mark.weights, pytest.mark.slow]

SEGMENT_SAMPLES = 705_600


@pytest.fixture(scope="module")
def golden(shared):
    with np.load(shared / "golden" / "segment.npz") as values:
        return {name: values[name] for name in values.files}


@pytest.fixture(scope="module")
def samples(shared):
    path = shared / "maestro-mini" / "2006" / "schubert_impromptu.wav"
    frames, _ = soundfile.read(path, dtype="float32", frames=SEGMENT_SAMPLES, always_2d=True)
    return np.ascontiguousarray(frames.T)[None]  # (1, channels, samples)


@pytest.fixture(scope="module")
def stages(published, samples):
    """All stages in one pass."""
    with torch.inference_mode():
        features = published.spectrogram(torch.from_numpy(samples))
        stem = published.backbone.stem(features)
        tokens = [published.backbone.tokens(stem)]
        for block in published.backbone.blocks:
            tokens.append(block(tokens[-1]))
        context = published.backbone(features)
        return {
            "features": features[0],
            "stem": stem[0],
            "tokens_in": tokens[0][0, ::8],
            "tokens_block1": tokens[1][0, ::8],
            "tokens_out": tokens[-1][0, ::8],
            "context": context[0],
            "scores": published.scores(context),
        }


def relative(found: torch.Tensor, expected: np.ndarray) -> float:
    expected = expected.astype(np.float64)
    return float(np.linalg.norm(found.double().numpy() - expected) / np.linalg.norm(expected))


def test_features(stages, golden):
    assert stages["features"].shape == (691, 229, 6)
    np.testing.assert_allclose(stages["features"], golden["features"].astype(np.float32), atol=2e-3)
    assert relative(stages["features"], golden["features"]) < 1e-3


@pytest.mark.parametrize("stage", ["stem", "tokens_in", "tokens_block1", "tokens_out"])
def test_stage(stages, golden, stage):
    assert stages[stage].shape == golden[stage].shape
    assert relative(stages[stage], golden[stage]) < 1e-3


def test_context(stages, golden):
    found = stages["context"][golden["context_tracks"]]
    assert found.shape == golden["context"].shape
    assert relative(found, golden["context"]) < 1e-3


def test_scores(stages, golden):
    tracks = golden["context_tracks"]
    found = torch.cat([score_map(stages["scores"], slice(track, track + 1)) for track in tracks])
    assert relative(found, golden["scores"]) < 1e-5


def test_log_partition(stages, golden):
    found = log_partition(score_map(stages["scores"]).double())[:, 0]
    np.testing.assert_allclose(found, golden["log_z"], rtol=1e-4, atol=1e-3)


def test_intervals_and_attributes(published, samples, golden, stages):
    (paths,) = decode_segments(published, list(samples))
    decoded = paths.read(np.zeros(published.config.tracks.n_tracks, np.int64))
    rows = np.stack([decoded.track, decoded.begin, decoded.end], axis=1)
    np.testing.assert_array_equal(rows, golden["intervals"])

    hop_s = 1024 / 44_100
    onset_s = (decoded.begin + decoded.onset_position) * hop_s
    offset_s = (decoded.end + decoded.offset_position) * hop_s
    expected = golden["notes"]
    numbers = np.array(published.config.tracks.numbers)[decoded.track]
    # both in order of track and onset: the golden rows are in order of onset
    ours = np.lexsort((onset_s, numbers))
    theirs = np.lexsort((expected[:, 0], expected[:, 2]))
    np.testing.assert_array_equal(numbers[ours], expected[theirs, 2])
    np.testing.assert_allclose(onset_s[ours], expected[theirs, 0], atol=1e-4)
    np.testing.assert_allclose(offset_s[ours], expected[theirs, 1], atol=1e-4)
    np.testing.assert_array_equal(decoded.velocity[ours], expected[theirs, 3])
    is_onset = (decoded.begin > 0) | decoded.onset_present
    is_offset = (decoded.end < 689) | decoded.offset_present
    np.testing.assert_array_equal(is_onset[ours], expected[theirs, 4])
    np.testing.assert_array_equal(is_offset[ours], expected[theirs, 5])
