"""Degradations: each does what it says, depends on its key alone, and leaves everything in its place."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import signal

from pianotrans.audio import Reading
from pianotrans.audio.degradation import KINDS, Degradation, DegradedReading, degrade, parse_degradations
from pianotrans.audio.degradation.speeds import Steady, Unsteady
from pianotrans.errors import UsageError

RATE = 22_050
EVERY = parse_degradations("all")
ONE_OF_EACH = tuple(Degradation(kind.name, (kind.levels or (0.0,))[-1]) for kind in KINDS.values())
FIRST = tuple(Degradation(kind.name, kind.levels[0]) for kind in KINDS.values() if len(kind.levels) > 1)
CLICKS_S = np.array([0.2, 0.71, 1.1003, 1.6, 2.25, 2.9])


def clicks(rate: int = RATE, n_channels: int = 2, hz: float = 1500.0) -> NDArray[np.float32]:
    """Short bursts with their middle at CLICKS_S, in a band that every degradation leaves."""
    time_s = np.arange(round(3.2 * rate)) / rate
    waves = [signal.gausspulse(time_s - at_s, hz, 0.9) for at_s in CLICKS_S]
    return np.repeat(0.5 * np.sum(waves, axis=0, dtype=np.float32)[None], n_channels, axis=0)


def music(seed: int = 0, rate: int = RATE, n_channels: int = 2) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0, 0.1, (n_channels, 2 * rate)).astype(np.float32)


def place_s(made: NDArray[np.float32], at_s: float, rate: int = RATE) -> float:
    """Where the click near a time is, by its correlation with the click itself; to a hundredth of a sample."""
    reach = round(0.05 * rate)
    first = round(at_s * rate) - reach
    time_s = np.arange(-reach, reach + 1) / rate
    near = np.pad(made, (reach, 2 * reach))[first + reach : first + 3 * reach + 1]
    likeness = np.abs(signal.correlate(near, signal.gausspulse(time_s, 1500.0, 0.9), "same"))
    i = int(likeness.argmax())
    a, b, c = likeness[i - 1 : i + 2]
    return float((first + i + (a - c) / (a - 2 * b + c) / 2) / rate)


@pytest.mark.parametrize("degradation", [*FIRST, *ONE_OF_EACH], ids=lambda one: one.label)
def test_a_train_of_clicks_stays_in_its_place_or_goes_where_the_map_says(degradation: Degradation):
    made = degrade(clicks(), RATE, degradation)
    time_map = degradation.time_map
    assert made.dtype == np.float32
    assert (time_map is None) == (degradation.name not in ("detune", "speed", "wow"))
    if time_map is None:
        assert made.shape[1] == clicks().shape[1]
    for at_s in CLICKS_S:
        expected_s = at_s if time_map is None else time_map.there(at_s)
        is_loud_noise = degradation.level < 10 and degradation.name in ("white", "pink", "babble", "hum")
        assert place_s(made[0], expected_s) == pytest.approx(expected_s, abs=(2 if is_loud_noise else 0.5) / RATE)


@pytest.mark.parametrize("rate", [8000, 44_100, 96_000])
@pytest.mark.parametrize("name", ["mp3=32", "phone", "lowpass=4000"])
def test_other_rates(name: str, rate: int):
    (degradation,) = parse_degradations(name)
    made = degrade(clicks(rate, 1), rate, degradation)
    assert made.shape[1] == clicks(rate).shape[1]
    for at_s in CLICKS_S:
        assert place_s(made[0], at_s, rate) == pytest.approx(at_s, abs=1 / rate)


@pytest.mark.parametrize("degradation", ONE_OF_EACH, ids=lambda one: one.label)
def test_the_key_decides_and_silence_and_shortness_do_no_harm(degradation: Degradation):
    once, again = (degrade(music(), RATE, degradation, "0 a") for _ in range(2))
    np.testing.assert_array_equal(once, again)
    is_random = degradation.name in ("white", "pink", "babble", "hum", "reverb", "phone")
    assert np.array_equal(once, degrade(music(), RATE, degradation, "0 b")) != is_random
    silent = degrade(np.zeros((1, RATE), np.float32), RATE, degradation)
    assert not silent.any()
    short = degrade(music()[:, :50], RATE, degradation)
    assert np.isfinite(short).all()
    assert abs(short.shape[1] - 50) <= 5


@pytest.mark.parametrize("name", ["white", "pink", "babble", "hum"])
def test_noise_has_the_level_that_it_says_and_is_the_same_at_every_level(name: str):
    samples = music()
    noises = {level: degrade(samples, RATE, Degradation(name, level)) - samples for level in (0.0, 20.0)}
    for level, noise in noises.items():
        snr_db = 10 * np.log10(np.mean(samples**2) / np.mean(noise**2))
        assert snr_db == pytest.approx(level, abs=0.05)
    np.testing.assert_allclose(noises[20.0] * 10, noises[0.0], atol=1e-4)


def test_colours():
    silent_but_for_a_click = np.zeros((1, 4 * RATE), np.float32)
    silent_but_for_a_click[0, 0] = 1

    def power_at(name: str, hz: float) -> float:
        made = degrade(silent_but_for_a_click, RATE, Degradation(name, 0.0))[0, 1:]
        at, power = signal.welch(made, RATE, nperseg=8192)
        return float(power[(at > hz / 1.1) & (at < hz * 1.1)].mean())

    assert power_at("white", 500) / power_at("white", 4000) == pytest.approx(1, abs=0.2)
    assert power_at("pink", 500) / power_at("pink", 4000) == pytest.approx(8, rel=0.2)
    assert power_at("babble", 500) > 10 * power_at("babble", 9000)
    assert power_at("hum", 100) > 1e5 * power_at("hum", 125)


@pytest.mark.parametrize(
    ("name", "kept_hz", "lost_hz"),
    [("lowpass=4000", (100, 1000, 3000), (5500, 8000)), ("telephone", (600, 1000, 2500), (150, 4500))],
)
def test_bands(name: str, kept_hz: tuple[int, ...], lost_hz: tuple[int, ...]):
    time_s = np.arange(2 * RATE) / RATE
    (degradation,) = parse_degradations(name)
    for hz in (*kept_hz, *lost_hz):
        tone = np.sin(2 * np.pi * hz * time_s)[None].astype(np.float32)
        left = degrade(tone, RATE, degradation)[0, RATE // 2 : -RATE // 2].std() / tone.std()
        assert left == pytest.approx(1, abs=0.06) if hz in kept_hz else left < 0.11


def test_gain_clips_what_is_over_full_scale_and_keeps_16_bits():
    samples = clicks() * 0.3
    loud, full, quiet = (degrade(samples, RATE, Degradation("gain", level)) for level in (20.0, 0.0, -40.0))
    peak = np.abs(samples).max()
    np.testing.assert_allclose(full, samples / peak, atol=1 / 2**15)
    np.testing.assert_allclose(loud, np.clip(samples / peak * 10, -1, 1), atol=1 / 2**15)
    np.testing.assert_allclose(quiet, samples / peak / 100, atol=1 / 2**15)
    np.testing.assert_array_equal(quiet * 2**15, np.rint(quiet * 2**15))


def test_channels():
    stereo = music()
    np.testing.assert_array_equal(degrade(stereo, RATE, Degradation("one-channel")), stereo * [[1], [0]])
    np.testing.assert_array_equal(degrade(stereo, RATE, Degradation("inverted")), stereo * [[1], [-1]])
    mono = stereo[:1]
    assert degrade(mono, RATE, Degradation("one-channel")).shape == stereo.shape
    assert not degrade(mono, RATE, Degradation("inverted")).mean(axis=0).any()


def test_fewer_bits_leave_less():
    errors = [np.std(degrade(music(), RATE, Degradation("mp3", level)) - music()) for level in (128.0, 64.0, 32.0)]
    assert errors == sorted(errors)
    assert 0 < errors[0] < 0.8 * errors[-1]


@pytest.mark.parametrize(("name", "ratio"), [("detune=50", 2 ** (1 / 24)), ("speed=-4", 0.96)])
def test_pitch(name: str, ratio: float):
    tone = np.sin(2 * np.pi * 440 * np.arange(3 * RATE) / RATE)[None].astype(np.float32)
    (degradation,) = parse_degradations(name)
    made = degrade(tone, RATE, degradation)[0, RATE // 2 : 2 * RATE]
    crossings = np.flatnonzero((made[:-1] < 0) & (made[1:] >= 0))
    exact = crossings - made[crossings] / (made[crossings + 1] - made[crossings])
    assert RATE / np.diff(exact).mean() == pytest.approx(440 * ratio, rel=1e-5)


@settings(deadline=None, max_examples=40)
@given(st.floats(0, 5000), st.sampled_from([Steady(0.96), Steady(1.03), Unsteady(0.01), Unsteady(0.05)]))
def test_maps_lead_back(time_s: float, time_map: Steady | Unsteady):
    there_s = time_map.there(time_s)
    assert there_s >= 0
    assert time_map.back(there_s) == pytest.approx(time_s, abs=1e-7)


@pytest.mark.parametrize(
    ("name", "keys_higher"),
    [("detune=-45", (-1, 0)), ("detune=25", (0,)), ("detune=50", (0, 1)), ("speed=-4", (-1,)), ("wow=1", (0,))],
)
def test_the_keys_that_sound_are_the_nearest(name: str, keys_higher: tuple[int, ...]):
    (degradation,) = parse_degradations(name)
    assert degradation.time_map is not None
    assert degradation.time_map.keys_higher == keys_higher


def test_wow_changes_the_speed_by_as_much_as_it_says():
    unsteady = Unsteady(0.01)
    step_s = 1e-4
    speeds = np.diff(unsteady.moments_s(np.arange(0, 30, step_s))) / step_s
    assert 1 - speeds.min() == pytest.approx(0.01, rel=0.03)
    assert speeds.max() - 1 == pytest.approx(0.01, rel=0.03)


# Names and levels


def test_what_can_be_asked_for():
    assert [one.label for one in parse_degradations("white=20, 10,phone,speed=-2")] == [
        "white=20",
        "white=10",
        "phone",
        "speed=-2",
    ]
    assert [one.level for one in parse_degradations("reverb")] == [0.3, 0.6, 1.2, 2.5]
    assert {one.name for one in EVERY} == set(KINDS)
    assert len(parse_degradations("white=20,white=20.0,all")) == len(EVERY)
    for one in EVERY:
        assert parse_degradations(one.label) == (one,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("brown", "'brown' is unknown.*all, list.*white, pink"),
        ("", "'' is unknown"),
        ("20", "'20' is unknown"),
        ("white=loud", "'white=loud' is not a name and a number"),
        ("white=100", "white=100 given. white takes -20 to 80 dB SNR"),
        ("white=nan", "white=nan given"),
        ("phone=3", "phone=3 given. phone takes no level"),
        ("mp3=0", "mp3=0 given. mp3 takes 8 to 320 kbit/s"),
    ],
)
def test_what_cannot_be_asked_for(text: str, message: str):
    with pytest.raises(UsageError, match=message):
        parse_degradations(text)


# Reading


@pytest.mark.parametrize("name", ["white=20", "speed=4", "wow=1"])
def test_a_part_is_that_of_the_degraded_recording(name: str, tmp_path: Path):
    path = tmp_path / "clicks.wav"
    soundfile.write(path, clicks().T, RATE, "FLOAT")
    (degradation,) = parse_degradations(name)
    with DegradedReading(degradation, "0 clicks").open(path, Reading(1.0, 2.0)) as reader:
        part = np.concatenate([*reader.blocks()], axis=1)
        assert (reader.info.origin_s, reader.info.sample_rate) == (1.0, RATE)
    assert part.shape == (2, RATE)
    there_s = CLICKS_S[2] if degradation.time_map is None else degradation.time_map.there(CLICKS_S[2])
    assert place_s(part[0], there_s - 1.0) == pytest.approx(there_s - 1.0, abs=0.5 / RATE)
    with replace(DegradedReading(degradation, ""), key="0 clicks").open(path, Reading(1.0, 2.0)) as reader:
        np.testing.assert_array_equal(np.concatenate([*reader.blocks()], axis=1), part)
