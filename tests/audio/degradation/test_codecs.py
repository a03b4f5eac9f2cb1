"""Lossy compression: it is heard, and nothing moves."""

import numpy as np
import pytest
from scipy import signal

from pianotrans.audio.degradation.codecs import Codec

KINDS = [("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III")]


def music(rate: int, n_channels: int = 2) -> np.ndarray:
    """A second and a bit of tones that begin now and then, of another pitch in each channel."""
    times = np.arange(round(1.3 * rate)) / rate
    tones = [
        sum(
            np.where(
                times > onset_s, np.exp(-4 * (times - onset_s)) * np.sin(2 * np.pi * hz * (times - onset_s)), 0
            )
            for onset_s, hz in ((0.1, 220 + 50 * channel), (0.55, 660), (0.9, 1500 - 90 * channel))
        )
        for channel in range(n_channels)
    ]
    return np.asarray(tones, np.float32)


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("compression", [0.0, 0.5, 0.9])
def test_every_sample_stays_in_its_place(kind: tuple[str, str], compression: float, rate: int):
    samples = music(rate) * 3  # louder than full scale
    heard = Codec(*kind, compression).pass_through(samples, rate)
    assert heard.shape == samples.shape
    assert heard.dtype == np.float32
    for before, after in zip(samples, heard, strict=True):
        likeness = signal.correlate(after, before, "full", method="fft")
        assert abs(likeness.argmax() - (len(before) - 1)) <= 1
        assert 0.8 < np.std(after) / np.std(before) < 1.1
        assert not np.array_equal(before, after)


@pytest.mark.parametrize("kind", KINDS)
def test_more_compression_leaves_less(kind: tuple[str, str]):
    noise = np.random.default_rng(0).normal(0, 0.1, (1, 44_100)).astype(np.float32)
    errors = [
        np.std(Codec(*kind, compression).pass_through(noise, 44_100) - noise) for compression in (0.0, 0.5, 0.9)
    ]
    assert errors == sorted(errors)
    assert errors[0] < 0.7 * errors[-1]


def test_silence_stays_silent():
    silence = np.zeros((2, 1000), np.float32)
    assert Codec("OGG", "VORBIS", 0.5).pass_through(silence, 22_050) is silence


def test_rates_that_mp3_does_not_have():
    drawn = {Codec.draw(np.random.default_rng(i), 10_000).format for i in range(20)}
    assert drawn == {"OGG"}
    assert {Codec.draw(np.random.default_rng(i), 22_050).format for i in range(20)} == {"OGG", "MP3"}
