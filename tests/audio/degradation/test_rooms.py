"""Rooms, made and recorded."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from pianotrans.audio.degradation.rooms import find_rooms, make_room, read_room, room_of

RATE = 44_100


def test_made_rooms_die_away_as_they_should():
    room = make_room(np.random.default_rng(4), RATE, 2)
    np.testing.assert_array_equal(room[:, 0], 1)
    energy = np.cumsum(np.mean(room[:, 1:] ** 2, axis=0)[::-1])[::-1]  # Schroeder's integration
    decay_db = 10 * np.log10(energy / energy[0])
    ten, twenty = (np.argmax(decay_db < level) / RATE for level in (-10, -20))
    reverberation_s = 6 * (twenty - ten)
    assert 0.15 < reverberation_s < 1.3
    assert not np.array_equal(room[0], room[1])


def test_recorded_rooms_begin_with_the_direct_sound(tmp_path: Path):
    recorded = np.zeros((24_000, 2))
    recorded[480], recorded[1440] = (0.25, 0.5), (-0.1, 0.05)
    soundfile.write(tmp_path / "room.wav", recorded, 48_000, "FLOAT")
    room = read_room(find_rooms(tmp_path)[0], 48_000)
    assert room.shape == (2, 23_520)
    np.testing.assert_allclose(room[:, [0, 960]], [[0.5, -0.2], [1.0, 0.1]], rtol=1e-6)


@pytest.mark.parametrize("reverberation_s", [0.3, 0.6, 1.2, 2.5])
def test_rooms_fall_by_60_db_in_the_time_that_they_say(reverberation_s: float):
    room = room_of(np.random.default_rng(1), RATE, 2, reverberation_s=reverberation_s)
    energy = np.cumsum(np.mean(room[:, 1:] ** 2, axis=0)[::-1])[::-1]  # Schroeder's integration
    decay_db = 10 * np.log10(energy / energy[0])
    early, late = (np.argmax(decay_db < level) / RATE for level in (-5, -35))
    assert 2 * (late - early) == pytest.approx(reverberation_s, rel=0.1)
    assert np.sum(room[:, 1:] ** 2) / 2 == pytest.approx(1)  # as loud as the direct sound
