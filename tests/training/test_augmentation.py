"""Augmentation: each kind does what it says, keeps the sound in its place, and depends on nothing but the key."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy import signal

from pianotrans.errors import DatasetError
from pianotrans.training.data.augmentation import (
    Augmentation,
    AugmentationSettings,
    Noise,
    Treatment,
    equalise,
    make_noise,
)
from pianotrans.training.data.reverberation import find_rooms, make_room, read_room

RATE = 44_100
OFF = AugmentationSettings.nothing()
ALL = AugmentationSettings(pitch=1, downmix=1, equaliser=1, room=1, noise=1, codec=1)
STEREO = np.random.default_rng(1).normal(0, 0.1, (2, RATE)).astype(np.float32)


def draw(settings: AugmentationSettings, *key: int, n_channels: int = 2) -> Treatment:
    return Augmentation(settings, RATE).draw(key or (1, 0, 0), n_channels)


def same(one: Treatment, other: Treatment) -> bool:
    arrays = ("weights", "response")
    return (one.speed, one.noise, one.codec) == (other.speed, other.noise, other.codec) and all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in arrays
    )


def test_switched_off_nothing_happens():
    treatment = draw(OFF)
    assert (treatment.speed, treatment.n_lead) == (1.0, 0)
    np.testing.assert_array_equal(treatment.apply(STEREO), STEREO)


def test_the_key_decides_and_nothing_else():
    assert same(draw(ALL, 1, 2, 3), draw(ALL, 1, 2, 3))
    long = np.tile(STEREO, 3)
    np.testing.assert_array_equal(draw(ALL, 1, 2, 3).apply(long), draw(ALL, 1, 2, 3).apply(long))
    for other in ((0, 2, 3), (1, 0, 3), (1, 2, 0)):
        assert not same(draw(ALL, 1, 2, 3), draw(ALL, *other))


@pytest.mark.parametrize("kind", ["pitch", "downmix", "equaliser", "room", "noise", "codec"])
def test_switching_one_off_leaves_the_others(kind: str):
    whole, part = draw(ALL, n_channels=1), draw(replace(ALL, **{kind: 0}), n_channels=1)
    assert (part.speed == 1.0) == (kind == "pitch")
    assert (part.weights is None) == (kind == "downmix")
    assert (part.noise is None) == (kind == "noise")
    assert (part.codec is None) == (kind == "codec")
    if kind not in ("pitch",):
        assert part.speed == whole.speed
    if kind not in ("codec",):
        assert part.codec == whole.codec
    if kind not in ("noise",):
        assert part.noise == whole.noise
    if kind not in ("room", "equaliser"):
        np.testing.assert_array_equal(part.response, whole.response)


def test_how_often():
    often = replace(OFF, noise=0.3)
    happened = sum(draw(often, 0, 0, i).noise is not None for i in range(400))
    assert happened / 400 == pytest.approx(0.3, abs=0.07)


def test_pitch_stays_within_its_bounds():
    speeds = [draw(replace(OFF, pitch=1), 0, 0, i).speed for i in range(200)]
    semitones = 12 * np.log2(speeds)
    assert -0.2 <= semitones.min() < -0.15
    assert 0.15 < semitones.max() <= 0.2


def test_downmix_is_a_weighted_mean():
    treatment = draw(replace(OFF, downmix=1))
    assert treatment.weights.sum() == pytest.approx(1)
    assert (treatment.weights >= 0).all()
    mixed = treatment.apply(STEREO)
    np.testing.assert_allclose(mixed, treatment.weights[None] @ STEREO, rtol=1e-6)
    np.testing.assert_allclose(draw(replace(OFF, downmix=1), n_channels=1).apply(STEREO[:1]), STEREO[:1])


@pytest.mark.parametrize("hz", [80, 160, 320, 640, 1280, 2560, 5120])
def test_equaliser_gains(hz: int):
    """Each band alone has its gain in its middle, and next to none two octaves off."""
    gains_db = np.where(np.array([80, 160, 320, 640, 1280, 2560, 5120]) == hz, 3.0, 0.0)
    impulse = np.zeros((1, RATE))
    impulse[0, 0] = 1
    level_db = 20 * np.log10(np.abs(np.fft.rfft(equalise(impulse, gains_db, RATE)[0])))  # 1 Hz a bin
    assert level_db[hz] == pytest.approx(3.0, abs=1e-3)
    assert abs(level_db[hz // 4]) < 0.3
    assert abs(level_db[min(hz * 4, RATE // 2)]) < 0.3
    assert level_db.max() == pytest.approx(3.0, abs=1e-3)


def test_equaliser_follows_the_cookbook():
    """Against scipy's own peaking filter of the same bandwidth, which is another formula of the same thing."""
    b, a = signal.iirpeak(1280, 1.4, fs=RATE)  # gain 1 there, 0 elsewhere
    gain = 10 ** (3 / 20)
    impulse = np.zeros((1, RATE))
    impulse[0, 0] = 1
    ours = equalise(impulse, np.array([0, 0, 0, 0, 3.0, 0, 0]), RATE)[0]
    _, narrow = signal.freqz(b, a, worN=RATE // 2, fs=RATE)
    theirs = np.abs(1 + (gain - 1) * narrow)
    measured = np.abs(np.fft.rfft(ours))[: RATE // 2]
    assert np.abs(20 * np.log10(measured / theirs)).max() < 0.35


def test_the_tail_of_the_equaliser_is_long_enough():
    response = draw(replace(OFF, equaliser=1, equaliser_db=12.0)).response
    assert np.abs(response[0, -100:]).max() < 1e-3


@pytest.mark.parametrize("kinds", [{"room": 1}, {"equaliser": 1}, {"room": 1, "equaliser": 1}], ids=str)
def test_a_click_stays_in_its_place(kinds: dict[str, float]):
    for i in range(10):
        treatment = draw(replace(OFF, **kinds), 0, 0, i)
        click = np.zeros((2, treatment.n_lead + 1000), np.float32)
        click[:, treatment.n_lead + 300] = 1
        treated = treatment.apply(click)
        assert treated.shape == (2, 1000)
        assert np.abs(treated[:, :300]).max() < 1e-6
        np.testing.assert_array_equal(np.abs(treated).argmax(axis=1), 300)


def test_what_rings_from_before_the_chunk_is_heard():
    treatment = draw(replace(OFF, room=1))
    click = np.zeros((2, treatment.n_lead + 1000), np.float32)
    click[:, treatment.n_lead - 2000] = 1
    np.testing.assert_allclose(treatment.apply(click), treatment.response[:, 2000:3000], atol=1e-6)


@pytest.mark.parametrize("slope", [0.0, 1.5])
@pytest.mark.parametrize("level_db", [3.0, 40.0])
def test_noise_level_and_colour(level_db: float, slope: float):
    made = make_noise(Noise(level_db, slope, (1, 2)), STEREO, RATE)
    assert 10 * np.log10(np.mean(STEREO**2) / np.mean(made**2)) == pytest.approx(level_db, abs=1e-4)
    hz, power = signal.welch(made[0], RATE, nperseg=4096)
    high, low = (power[(hz > centre / 1.2) & (hz < centre * 1.2)].mean() for centre in (8000, 500))
    assert np.log(low / high) / np.log(16) == pytest.approx(slope, abs=0.15)


def test_noise_under_silence_is_silent():
    silence = np.zeros((1, 1000), np.float32)
    np.testing.assert_array_equal(make_noise(Noise(10.0, 1.0, (1,)), silence, RATE), 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"noise": 1.5}, r"augmentation.noise: 1.5 given; a probability from 0 to 1 is needed\."),
        ({"pitch": -0.1}, r"augmentation.pitch: -0.1 given"),
        ({"pitch_semitones": -1.0}, r"augmentation.pitch_semitones: -1.0 given; 0 to 24 is possible"),
        ({"noise_lowest_db": 50.0}, r"augmentation.noise_lowest_db: 50.0 given, which is above noise_highest_db"),
    ],
)
def test_settings_that_make_no_sense(change: dict[str, float], message: str):
    with pytest.raises(DatasetError, match=message):
        AugmentationSettings(**change)


# Rooms


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


def test_recorded_rooms_are_used_if_there_are_some(tmp_path: Path):
    soundfile.write(tmp_path / "room.wav", np.array([0.0, 0.5, 0.0, 0.25]), RATE, "FLOAT")
    treatment = draw(replace(OFF, room=1, room_folder=str(tmp_path)))
    np.testing.assert_allclose(treatment.response, [[1, 0, 0.5], [1, 0, 0.5]])


def test_folders_without_rooms(tmp_path: Path):
    for folder, message in ((tmp_path, "holds no impulse responses"), (tmp_path / "x", "there is no such folder")):
        with pytest.raises(DatasetError, match=message):
            Augmentation(replace(OFF, room=1, room_folder=str(folder)), RATE)
    Augmentation(replace(OFF, room=0, room_folder=str(tmp_path)), RATE)  # switched off: not even looked for
    soundfile.write(tmp_path / "silent.wav", np.zeros(100), RATE)
    with pytest.raises(DatasetError, match="is silent, and so no impulse response"):
        draw(replace(OFF, room=1, room_folder=str(tmp_path)))
