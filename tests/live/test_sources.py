"""A recording that plays in real time, and what a late reader loses of it."""

import numpy as np
import pytest
import soundfile

from pianotrans.errors import AudioError
from pianotrans.live.ring import Ring
from pianotrans.live.sources import BLOCK_S, MOST_BEHIND_S, FileSource
from pianotrans.live.watching import watch

from .made import Stopped

RATE = 8000


@pytest.fixture(scope="module")
def sound():
    return np.random.default_rng(0).uniform(-0.5, 0.5, (20 * RATE, 2)).astype(np.float32)


@pytest.fixture(scope="module")
def path(tmp_path_factory, sound):
    path = tmp_path_factory.mktemp("sound") / "played.wav"
    soundfile.write(path, sound, RATE, "FLOAT")
    return path


def open_source(path, pace):
    time = Stopped()
    return FileSource(path, pace, time), time


@pytest.mark.parametrize("pace", [1.0, 4.0])
def test_a_recording_takes_its_time(path, sound, pace):
    source, time = open_source(path, pace)
    blocks = []
    for block in source.blocks():
        blocks.append(block)
        assert sum(one.shape[1] for one in blocks) <= time.time_s * pace * RATE + 1
    source.close()
    assert time.time_s * pace == pytest.approx(20.0, abs=0.1)
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), sound.T)


def test_as_fast_as_possible_no_time_passes(path, sound):
    source, time = open_source(path, np.inf)
    blocks = [*source.blocks()]
    source.close()
    assert time.time_s == 0
    assert {block.shape[1] for block in blocks} == {round(BLOCK_S * RATE)}
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), sound.T)


def test_a_late_reader_loses_the_oldest_and_time_goes_on(path, sound):
    source, time = open_source(path, 1.0)
    blocks = []
    for block in source.blocks():
        blocks.append(block)
        if len(blocks) == 10:
            time.sleep(19.0)
    source.close()
    whole = np.concatenate(blocks, axis=1)
    assert source.lost_s == pytest.approx(19.0 - MOST_BEHIND_S, abs=0.1)
    assert whole.shape[1] == len(sound)
    is_kept = (whole == sound.T).all(axis=0)
    assert np.count_nonzero(~is_kept) == pytest.approx(source.lost_s * RATE, abs=1)
    assert not whole[:, ~is_kept].any()


def test_stopping_ends_it(path):
    source, _ = open_source(path, 1.0)
    blocks = source.blocks()
    next(blocks)
    source.stop()
    assert not [*blocks]
    source.close()


def test_what_is_no_recording_is_refused(tmp_path):
    (tmp_path / "x.wav").write_bytes(b"no sound")
    with pytest.raises(AudioError, match=r"x\.wav"):
        FileSource(tmp_path / "x.wav")


def test_a_ring_keeps_the_newest_and_counts_the_rest():
    ring = Ring(1, capacity=100)
    for i in range(50):
        ring.write(np.full((1, 10), i, np.float32))
    n_lost, block = ring.read(1, 0)
    assert (n_lost, block.shape) == (400, (1, 100))
    assert [*block[0, ::10]] == [*range(40, 50)]
    assert ring.read(1, 0)[1].shape == (1, 0)


# What is wrong with the sound


def said(blocks) -> list[str]:
    words: list[str] = []
    list(watch(blocks, "mic", RATE, words.append))
    return words


def test_clipping_is_said_once():
    clipped = np.zeros((2, 1000), np.float32)
    clipped[1, 500:503] = -1.0
    (word,) = said([clipped] * 3)
    assert "mic" in word
    assert "clips" in word


def test_a_single_full_sample_is_a_peak():
    peak = np.full((2, 1000), 0.1, np.float32)
    peak[0, ::3] = 1.0
    assert not said([peak])


def test_a_muted_input_is_said_once_and_a_pause_is_none():
    zeros, tone = np.zeros((1, RATE), np.float32), np.full((1, RATE), 0.1, np.float32)
    (word,) = said([zeros] * 20)
    assert "silence" in word
    assert not said([zeros, tone] + [zeros] * 20)
