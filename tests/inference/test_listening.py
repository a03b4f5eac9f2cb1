"""What is learnt of a recording while its samples pass by."""

import numpy as np
import pytest

from pianotrans.audio import from_array
from pianotrans.inference.listening import CountedBlocks, remark_on_finding

RATE = 8000


def sine(amplitude: float, duration_s: float) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * 440 * np.arange(round(duration_s * RATE)) / RATE).astype(np.float32)


def heard(*parts: np.ndarray) -> CountedBlocks:
    audio = CountedBlocks(from_array(np.concatenate(parts).astype(np.float32), RATE))
    for _ in audio:
        pass
    return audio


def kinds(n_notes: int, *parts: np.ndarray) -> list[str]:
    return [remark.kind for remark in remark_on_finding(n_notes, heard(*parts))]


def test_what_sounds_is_told_from_what_does_not():
    audio = heard(np.zeros(3 * RATE), sine(0.01, 4), sine(1e-4, 5))
    assert audio.duration_s == 12.0
    assert audio.sounding_s == pytest.approx(4, abs=0.1)
    assert not audio.is_silent
    assert heard(np.zeros(RATE)).is_silent


def test_blocks_held_for_the_tuning_come_once_and_in_order():
    samples = np.random.default_rng(0).normal(0, 0.1, 150 * RATE).astype(np.float32)
    audio = CountedBlocks(from_array(samples, RATE))
    audio.tuning()
    assert 60 <= audio.duration_s < 65, "enough is enough"
    np.testing.assert_array_equal(np.concatenate(list(audio), axis=1)[0], samples)
    assert audio.duration_s == 150.0


def test_silence_before_the_music_does_not_count():
    audio = CountedBlocks(from_array(np.concatenate([np.zeros(90 * RATE), sine(0.1, 100)]), RATE))
    audio.tuning()
    assert 150 <= audio.duration_s < 155


@pytest.mark.parametrize("n_channels", [1, 8])
def test_what_is_held_is_bounded(n_channels):
    audio = CountedBlocks(from_array(np.zeros((n_channels, 2**24), np.float32), RATE))
    audio.tuning()
    assert audio.duration_s * RATE * n_channels <= 2**24 + 2 * RATE * n_channels


def test_no_notes_where_something_sounds_are_told():
    (remark,) = remark_on_finding(0, heard(sine(0.1, 30)))
    assert remark.kind == "nothing found"
    assert remark.values == {"n_notes": 0, "sounding_s": pytest.approx(30, abs=0.1), "duration_s": 30.0}
    assert "--tuning" in remark.text


def test_next_to_no_notes_are_told():
    assert kinds(2, sine(0.1, 60)) == ["nothing found"]


@pytest.mark.parametrize(("n_notes", "duration_s"), [(1, 3), (1, 15), (4, 60), (500, 300)])
def test_a_sparse_piece_is_not_accused(n_notes, duration_s):
    assert kinds(n_notes, sine(0.1, duration_s)) == []


def test_a_fraction_of_a_second_is_not_accused():
    assert kinds(0, sine(0.1, 0.9)) == []


def test_rests_are_no_sound():
    assert kinds(1, sine(0.1, 10), np.zeros(100 * RATE)) == []


def test_silence_is_called_silence():
    (remark,) = remark_on_finding(0, heard(np.zeros(RATE)))
    assert "silent" in remark.text
    (remark,) = remark_on_finding(0, heard(sine(1e-4, 2)))
    assert "-60 dB" in remark.text
