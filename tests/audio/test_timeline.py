"""Time stamps to silence and cuts."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.audio.decoder import Gap
from pianotrans.audio.timeline import JITTER_S, Timeline

RATE = 1000
JITTER = round(JITTER_S * RATE)


def piece(n_samples: int, value: float = 1.0) -> np.ndarray:
    return np.full((2, n_samples), value, np.float32)


def placed(pieces: list[tuple[int, int | None, bool]]) -> tuple[np.ndarray, list[Gap]]:
    """Pieces of (length, position, is damage), each with its number as value."""
    timeline = Timeline(RATE)
    parts = [
        part
        for number, (length, position, is_damage) in enumerate(pieces, 1)
        for part in timeline.place(piece(length, number), position, is_damage=is_damage)
    ]
    sound = np.concatenate(parts, axis=1)
    assert sound.shape[1] == timeline.position
    return sound[0], timeline.gaps


def test_a_jump_becomes_silence_and_is_told():
    sound, gaps = placed([(100, 0, False), (100, 600, False)])
    assert sound.tolist() == [1] * 100 + [0] * 500 + [2] * 100
    assert gaps == [Gap(0.1, 0.6, is_damage=False)]


def test_lost_sound_becomes_silence_and_is_damage():
    sound, gaps = placed([(100, 0, False), (100, 120, True)])
    assert sound.tolist() == [1] * 100 + [0] * 20 + [2] * 100
    assert [(round(gap.start_s, 6), round(gap.end_s, 6), gap.is_damage) for gap in gaps] == [(0.1, 0.12, True)]


def test_an_overlap_is_cut():
    sound, gaps = placed([(100, 0, False), (100, 40, False), (10, 20, False)])
    assert sound.tolist() == [1] * 100 + [2] * 40
    assert gaps == []


def test_a_late_beginning_is_silent_and_an_early_one_cut():
    sound, gaps = placed([(3, 5, False)])
    assert (sound.tolist(), gaps) == ([0, 0, 0, 0, 0, 1, 1, 1], [])
    sound, gaps = placed([(5, -2, False)])
    assert (sound.tolist(), gaps) == ([1, 1, 1], [])


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(-JITTER // 2, JITTER // 2)), min_size=1, max_size=30))
def test_jitter_changes_nothing(pieces: list[tuple[int, int]]):
    begin, given_pieces = 0, []
    for number, (length, jitter) in enumerate(pieces):
        given_pieces.append((length, begin + (jitter if number else 0), False))
        begin += length
    sound, gaps = placed(given_pieces)
    assert gaps == []
    assert sound.tolist() == [n for n, (length, _, _) in enumerate(given_pieces, 1) for _ in range(length)]


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 400)), min_size=1, max_size=20))
def test_no_piece_is_ever_further_off_than_the_jitter(pieces: list[tuple[int, int]]):
    sound, _ = placed([(length, position, False) for length, position in pieces])
    for number, (_, position) in enumerate(pieces, 1):
        if (sound == number).any():
            assert int(np.argmax(sound == number)) - position >= -JITTER


def test_a_clock_that_runs_away_is_put_right_without_a_word():
    sound, gaps = placed([(100, round(number * 101.0), False) for number in range(100)])
    assert gaps == []
    assert abs(len(sound) - 101 * 100) <= JITTER + 1


def test_silence_of_unsigned_bytes():
    timeline = Timeline(RATE)
    parts = list(timeline.place(np.full((1, 2), 7, np.uint8), 3))
    assert np.concatenate(parts, axis=1).tolist() == [[128, 128, 128, 7, 7]]


def test_what_comes_before_time_0_is_cut_over_several_pieces():
    sound, gaps = placed([(5, -12, False), (5, -7, False), (5, -3, False), (5, None, False)])
    assert (sound.tolist(), gaps) == ([3] * 3 + [4] * 5, [])
