"""Augmentation: each kind does what it says, keeps the sound in its place, and depends on nothing but the key."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pianotrans.errors import DatasetError
from pianotrans.training.data.augmentation import (
    Augmentation,
    AugmentationSettings,
    Treatment,
)

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
