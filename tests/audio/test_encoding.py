"""Sound files made in memory: as long as the recordings were, and nothing shifted."""

from io import BytesIO

import numpy as np
import pytest

from pianotrans.audio import encode_mp3, encode_pcm, from_array, open_audio


def clicks(rate: int, channels: int = 1) -> np.ndarray:
    """Three seconds with a burst of a tone at 1.0 s and at 2.5 s."""
    times = np.arange(3 * rate) / rate
    sounding = ((times >= 1.0) & (times < 1.2)) | ((times >= 2.5) & (times < 2.7))
    return np.repeat((0.5 * np.sin(2 * np.pi * 1000 * times) * sounding)[None], channels, 0).astype(np.float32)


@pytest.mark.parametrize(("rate", "channels"), [(44_100, 1), (16_000, 2), (96_000, 1)])
def test_sound_stays_where_it_was(rate: int, channels: int):
    content = encode_mp3(from_array(clicks(rate, channels), rate))
    with open_audio(BytesIO(content)) as reader:
        assert (reader.info.sample_rate, reader.info.n_channels) == (44_100, 1)
        sound = np.concatenate(list(reader.blocks()), axis=1)[0]
    assert len(sound) / 44_100 == pytest.approx(3.0, abs=0.03)
    assert np.argmax(np.abs(sound) > 0.25) / 44_100 == pytest.approx(1.0, abs=0.003)
    assert np.argmax(np.abs(sound[2 * 44_100 :]) > 0.25) / 44_100 == pytest.approx(0.5, abs=0.003)
    assert np.abs(sound).max() == pytest.approx(0.5, abs=0.1)


def test_ten_seconds_take_80_kilobytes():
    noise = np.random.default_rng(0).normal(0, 0.1, 10 * 16_000).astype(np.float32)
    assert len(encode_mp3(from_array(noise, 16_000))) == pytest.approx(80_000, rel=0.02)


def test_a_single_sample_can_be_encoded():
    with open_audio(BytesIO(encode_mp3(from_array(np.ones(1, np.float32), 44_100)))) as reader:
        assert sum(block.shape[1] for block in reader.blocks()) >= 1


@pytest.mark.parametrize("suffix", [".flac", ".wav"])
def test_16_bits_come_back_exactly(suffix: str):
    samples = np.random.default_rng(0).integers(-(2**15), 2**15, (2, 5000)).astype(np.float32) / 2**15
    content, n_samples = encode_pcm([samples[:, :3000], samples[:, 3000:]], 22_050, 2, suffix)
    assert n_samples == 5000
    with open_audio(BytesIO(content)) as reader:
        assert reader.info.sample_rate == 22_050
        np.testing.assert_array_equal(np.concatenate(list(reader.blocks()), axis=1), samples)


def test_samples_beyond_full_scale_are_clipped():
    content, _ = encode_pcm([np.array([[2.0, -2.0]], np.float32)], 44_100, 1, ".wav")
    with open_audio(BytesIO(content)) as reader:
        assert np.concatenate(list(reader.blocks()), axis=1).tolist() == [[1 - 2**-15, -1.0]]
