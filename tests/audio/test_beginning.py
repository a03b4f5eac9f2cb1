"""The first seconds of a recording: exactly those, and nothing after them is decoded."""

import numpy as np
import pytest

from pianotrans.audio import Block, Reading, open_audio
from pianotrans.errors import AudioError

from .recordings import cut, encode, music, read, write


def beginning(path, limit_s: float, **options: bool) -> Block:
    with open_audio(path, Reading(end_s=limit_s, **options)) as reader:
        blocks = list(reader.blocks())
        assert all(block.flags.c_contiguous for block in blocks)
        assert reader.info.duration_s == pytest.approx(min(limit_s, 5.0), abs=0.06)
    return np.concatenate(blocks, axis=1)


@pytest.fixture
def wav(tmp_path):
    return write(tmp_path / "a.wav", music(5.0, n_channels=2))


@pytest.mark.parametrize("limit_s", [1e-9, 0.5, 2.0, 2.00001, 3.7, 5.0, 5.5, 1e6])
def test_exactly_so_many_samples(wav, limit_s):
    whole, info = read(wav)
    n_samples = max(1, round(min(limit_s, 5.0) * info.sample_rate))
    np.testing.assert_array_equal(beginning(wav, limit_s), whole[:, :n_samples])


def test_of_a_lossy_file(tmp_path):
    path = encode(tmp_path / "a.mp3", music(5.0), codec="libmp3lame")
    whole, info = read(path)
    np.testing.assert_array_equal(beginning(path, 1.5), whole[:, : round(1.5 * info.sample_rate)])


def test_damage_after_it_does_not_matter(tmp_path):
    path = cut(write(tmp_path / "a.flac", music(5.0)), 0.8)
    whole = music(5.0)
    np.testing.assert_allclose(beginning(path, 2.0), whole[:, : 2 * 44_100], atol=1e-4)
    with pytest.raises(AudioError, match=r"cut_a\.flac: "):
        beginning(path, 4.9)


def test_what_the_header_promises_must_be_there(tmp_path, wav):
    with pytest.raises(AudioError, match=r"header promises 5\.0 s, 2\.5 s could be decoded"):
        beginning(cut(wav, 0.5), 1.0)
    assert beginning(cut(wav, 0.5), 1.0, allow_damaged=True).shape == (2, 44_100)
