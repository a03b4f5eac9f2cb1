"""The tuning of sounds that have one, and of sounds that have none."""

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray
from scipy.signal import lfilter

from pianotrans.errors import UsageError
from pianotrans.events import Note, Performance
from pianotrans.inference.tuning import Tuning, estimate_tuning, resolve_tuning, tuning_remark
from tests.agreement import recordings
from tests.synthesis import KEYS, render

RATE = 22_050


def tuning_of(samples: NDArray[np.floating], rate: int = RATE) -> Tuning:
    """The tuning of (n_samples,) or (n_channels, n_samples), in blocks of several lengths."""
    samples = np.atleast_2d(samples).astype(np.float32)
    return estimate_tuning(np.array_split(samples, 7, axis=1), rate)


def piano(cents: float, n_notes: int = 120, gap_s: float = 0.2, seed: int = 0) -> NDArray[np.float32]:
    """Notes of a made-up piano that is `cents` off pitch, (n_samples,)."""
    rng = np.random.default_rng(seed)
    keys = rng.choice(KEYS, n_notes)
    notes = tuple(Note(i * gap_s, i * gap_s + 1.5, int(key), 80) for i, key in enumerate(keys))
    return off_pitch(render(Performance(notes, (), n_notes * gap_s + 2), RATE), cents, RATE)


def off_pitch(samples: NDArray[np.float32], cents: float, rate: int) -> NDArray[np.float32]:
    """The same played faster, and so sharper, by `cents`; (n_samples,) or (n_samples, n_channels)."""
    return soxr.resample(samples, rate * 2 ** (cents / 1200), rate)


def deviation_cents(one: float, other: float) -> float:
    """On the circle of 100 cents."""
    return abs((one - other + 50) % 100 - 50)


@pytest.mark.parametrize("cents", [-150, -100, -60, -50, -45, -30, -20, 0, 10, 25, 35, 45, 50, 70, 110, 150])
def test_the_tuning_of_a_made_up_piano(cents):
    tuning = tuning_of(piano(cents))
    assert deviation_cents(tuning.cents, cents) < 3
    assert tuning.is_sure


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000, 96_000, 192_000])
def test_the_rate_of_the_samples_does_not_matter(rate):
    tuning = tuning_of(soxr.resample(piano(-40), RATE, rate), rate)
    assert deviation_cents(tuning.cents, -40) < 3
    assert tuning.is_sure


def test_neither_loudness_nor_channels_that_cancel_each_other_matter():
    mono = piano(-40)
    assert tuning_of(1e-3 * mono).cents == pytest.approx(tuning_of(mono).cents, abs=1.0)
    assert tuning_of(np.stack([mono, -mono])).cents == pytest.approx(tuning_of(mono).cents, abs=0.1)


def test_hum_of_the_mains_is_no_tuning():
    """The partials of 60 Hz lie half a semitone beside the keys."""
    music = piano(0)
    hum = sum(np.sin(2 * np.pi * 60 * k * np.arange(music.size) / RATE) / k for k in range(1, 20))
    tuning = tuning_of(music + 0.05 * hum)
    assert deviation_cents(tuning.cents, 0) < 5
    assert not tuning_of(hum).is_sure


@pytest.mark.parametrize("cents", [0, 45])
def test_ten_notes_are_not_enough(cents):
    assert not tuning_of(piano(cents, 10, gap_s=1.0)).is_sure


def white_noise(duration_s: float = 30.0) -> NDArray[np.floating]:
    return np.random.default_rng(0).normal(0, 0.1, round(duration_s * RATE))


def drums() -> NDArray[np.floating]:
    """A bass drum, a snare drum of 187 Hz, and hats between them."""
    rng, times = np.random.default_rng(0), np.arange(RATE // 2) / RATE
    bass = np.sin(2 * np.pi * (50 * times + 2.2 * (1 - np.exp(-18 * times)))) * np.exp(-8 * times)
    snare = (0.5 * np.sin(2 * np.pi * 187 * times) + 0.7 * rng.normal(size=times.size)) * np.exp(-14 * times)
    hats = np.diff(rng.normal(size=times.size), prepend=0) * np.exp(-40 * times)
    return np.tile(np.concatenate([bass, hats, snare, hats]), 15)


def speech(*, gliding: bool) -> NDArray[np.floating]:
    """Syllables of a buzz through formants, each on a pitch of its own or gliding."""
    rng, syllables = np.random.default_rng(0), []
    for _ in range(150):
        n = round(rng.uniform(0.1, 0.35) * RATE)
        glide = np.linspace(0, rng.normal(0, 0.2) if gliding else 0, n)
        cycles = np.cumsum(130 * 2 ** (rng.normal(0, 0.3) + glide)) / RATE
        buzz = np.diff(np.floor(cycles), prepend=0) + 0.02 * rng.normal(size=n)
        for hz in (rng.uniform(300, 800), rng.uniform(900, 2200)):
            pole = np.exp(-2 * np.pi * 50 / RATE)
            buzz = lfilter([1 - pole], [1, -2 * pole * np.cos(2 * np.pi * hz / RATE), pole * pole], buzz)
        syllables.append(buzz * np.hanning(n) / np.abs(buzz).max())
    return np.concatenate(syllables)


def sweep() -> NDArray[np.floating]:
    return np.sin(2 * np.pi * np.cumsum(np.geomspace(100, 2000, 30 * RATE)) / RATE)


def chord_held() -> NDArray[np.floating]:
    times = np.arange(30 * RATE) / RATE
    partials = (440 * 2 ** ((key - 69 + 0.45) / 12) * k for key in (48, 60, 64, 67) for k in range(1, 7))
    return sum(np.sin(2 * np.pi * hz * times) for hz in partials)


def random_pitches() -> NDArray[np.floating]:
    """Tones that keep to no scale."""
    times, rng = np.arange(RATE) / RATE, np.random.default_rng(0)
    return np.concatenate([np.sin(2 * np.pi * hz * times) * np.exp(-times) for hz in rng.uniform(150, 1800, 100)])


def quarter_tones() -> NDArray[np.floating]:
    return np.concatenate([piano(0), piano(50, seed=1)])


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(white_noise, id="noise"),
        pytest.param(lambda: 0.01 * np.cumsum(white_noise()), id="deep noise"),
        pytest.param(drums, id="drums"),
        pytest.param(lambda: speech(gliding=True), id="speech"),
        pytest.param(lambda: speech(gliding=False), id="monotonous speech"),
        pytest.param(sweep, id="sweep"),
        pytest.param(chord_held, id="chord held"),
        pytest.param(random_pitches, id="random pitches"),
        pytest.param(quarter_tones, id="quarter tones"),
        pytest.param(lambda: piano(45, 1), id="one note"),
        pytest.param(lambda: np.zeros(30 * RATE), id="silence"),
        pytest.param(lambda: np.full(RATE, 0.5), id="one value"),
        pytest.param(lambda: 1e-5 * white_noise(), id="dither"),
        pytest.param(lambda: np.zeros(100), id="shorter than the window"),
        pytest.param(lambda: np.zeros(0), id="nothing"),
    ],
)
def test_what_has_no_tuning_is_told_apart(sound):
    assert not tuning_of(sound()).is_sure


@pytest.mark.shared
@pytest.mark.slow
def test_the_real_recordings_are_left_alone_and_corrected_when_played_faster_or_slower(shared):
    for recording in recordings(shared):
        samples, rate = soundfile.read(recording.audio, dtype="float32", always_2d=True)
        as_it_is = tuning_of(samples.T, rate)
        assert as_it_is.is_sure, recording
        assert abs(as_it_is.cents) < 10, recording
        for cents in (-145, -45, -25, 25, 60):
            tuning = tuning_of(off_pitch(samples[: 20 * rate], cents, rate).T, rate)
            assert tuning.is_sure, (recording, cents)
            assert deviation_cents(tuning.cents, as_it_is.cents + cents) < 6, (recording, cents)
            assert tuning.is_off == (abs(cents) != 25), (recording, cents)


@pytest.mark.shared
@pytest.mark.parametrize(("name", "cents"), [("in_tune", 0), ("detuned-45cents", -45), ("detuned50cents", 50)])
def test_the_recordings_of_the_field(shared, name, cents):
    samples, rate = soundfile.read(shared / "field/detuned" / f"{name}.ogg", dtype="float32", always_2d=True)
    tuning = tuning_of(samples.T, rate)
    assert tuning.is_sure
    assert deviation_cents(tuning.cents, cents) < 3


def test_a_remark_names_the_pitch_of_a4():
    remark = tuning_remark(-45.04, 0.514)
    assert remark.kind == "tuning"
    assert remark.values == {"tuning_cents": -45.0, "sureness": 0.51}
    assert "45 cents flat" in remark.text
    assert "428.7 Hz" in remark.text
    assert "too high" in remark.text
    assert "--tuning 55" in remark.text
    assert "--tuning -60" in tuning_remark(40.0, 0.5).text
    given = tuning_remark(33.3)
    assert given.values == {"tuning_cents": 33.3}
    assert "33 cents sharp" in given.text


@pytest.mark.parametrize(
    ("given", "cents"), [("auto", None), ("off", 0.0), (-45, -45.0), ("-62.5", -62.5), ("+1200", 1200.0)]
)
def test_what_a_tuning_may_be(given, cents):
    assert resolve_tuning(given) == cents


@pytest.mark.parametrize("given", ["on", "", "nan", 1201, "-1e9", "440 Hz"])
def test_impossible_tunings(given):
    with pytest.raises(UsageError, match=r"auto, off, or cents") as caught:
        resolve_tuning(given)
    assert caught.value.settings == ("tuning",)


@pytest.mark.parametrize(
    ("tuning", "is_off"),
    [
        (Tuning(25, 0.9, 200), False),
        (Tuning(-25, 0.9, 200), False),
        (Tuning(34, 0.9, 200), True),
        (Tuning(-34, 0.4, 100), True),
        (Tuning(50, 0.2, 200), False),
        (Tuning(50, 0.9, 40), False),
    ],
)
def test_what_is_corrected(tuning, is_off):
    assert tuning.is_off == is_off
