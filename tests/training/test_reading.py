"""Reading by seeking: the same samples as from reading everything, and one clear line where that fails."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pianotrans.audio import open_audio, resample
from pianotrans.errors import DatasetError
from pianotrans.events import Performance
from pianotrans.training.data.reading import read_at_rate, read_samples

from .recordings import record, tones

NOISE = np.random.default_rng(0).normal(0, 0.1, (9600, 2)).astype(np.float32)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".aiff", ".w64"])
@pytest.mark.parametrize(
    ("begin", "n"), [(0, 100), (4321, 77), (-50, 60), (9590, 50), (-9, 9700), (-60, 50), (9600, 5)]
)
def test_any_part_with_silence_beyond_the_ends(tmp_path: Path, suffix: str, begin: int, n: int):
    recording = record(tmp_path / f"noise{suffix}", NOISE, Performance(), subtype="PCM_16")
    whole, _ = soundfile.read(recording.audio, dtype="float32")
    padded = np.pad(whole, ((100, 100), (0, 0)))
    np.testing.assert_array_equal(read_samples(recording, begin, n), padded[100 + begin : 100 + begin + n].T)


@pytest.mark.parametrize("rates", [(48_000, 44_100), (22_050, 44_100), (44_100, 16_000)])
def test_resampled_parts_are_parts_of_the_resampled_whole(tmp_path: Path, rates: tuple[int, int]):
    from_rate, to_rate = rates
    recording = tones(tmp_path / "song.wav", duration_s=2.0, rate=from_rate, n_channels=2)
    with open_audio(recording.audio) as reader:
        whole = np.concatenate([*resample(reader.blocks(), from_rate, to_rate, 2)], axis=1)
    begin_s = 0.5  # a whole number of samples at both rates
    part, start_s = read_at_rate(recording, int(begin_s * from_rate), to_rate, to_rate)
    shift = round(start_s * to_rate)
    assert start_s == pytest.approx(begin_s, abs=0.5 / to_rate)
    assert start_s * to_rate == pytest.approx(shift)
    np.testing.assert_allclose(part, whole[:, shift : shift + to_rate], atol=2e-5)


@pytest.mark.parametrize("speed", [2 ** (0.2 / 12), 2 ** (-0.2 / 12)])
@pytest.mark.parametrize("from_rate", [44_100, 48_000])
def test_speed_moves_pitch_and_time_alike(tmp_path: Path, speed: float, from_rate: int):
    time_s = np.arange(3 * from_rate) / from_rate
    sine = np.sin(2 * np.pi * 440 * time_s).astype(np.float32) * (time_s > 1.5)
    recording = record(tmp_path / "sine.wav", sine, Performance(), from_rate)
    samples, start_s = read_at_rate(recording, from_rate, 44_100, 44_100, speed=speed)
    spectrum = np.abs(np.fft.rfft(samples[0], 10 * 44_100))  # 0.1 Hz a bin
    assert spectrum.argmax() / 10 == pytest.approx(440 * speed, abs=0.3)
    begins_s = np.argmax(np.abs(samples[0]) > 0.01) / 44_100
    assert start_s + begins_s * speed == pytest.approx(1.5, abs=0.0005)


def test_a_recording_that_vanished(tmp_path: Path):
    recording = tones(tmp_path / "song.wav")
    recording.audio.unlink()
    with pytest.raises(DatasetError, match=r"^song: .*song.wav cannot be read any more \(.*\). Is the data set"):
        read_samples(recording, 0, 10)


@pytest.mark.parametrize(
    "change", [{"sample_rate": 9000}, {"n_channels": 2}, {"n_samples": 7}], ids=lambda change: next(iter(change))
)
def test_a_recording_that_changed(tmp_path: Path, change: dict[str, int]):
    recording = replace(tones(tmp_path / "song.wav"), **change)
    with pytest.raises(DatasetError, match=r"^song: .*song.wav has changed: .*Prepare the data set anew\.$"):
        read_samples(recording, 0, 10)


def test_samples_that_are_no_numbers(tmp_path: Path):
    spoiled = NOISE.copy()
    spoiled[5000] = np.nan
    recording = record(tmp_path / "nan.wav", spoiled, Performance(), subtype="FLOAT")
    read_samples(recording, 0, 5000)
    with pytest.raises(DatasetError, match=r"^nan: .*nan.wav is damaged between 0.5 s and 0.8 s. Copy it again"):
        read_samples(recording, 4000, 2000)


def test_a_recording_that_was_cut(tmp_path: Path):
    recording = tones(tmp_path / "song.flac", duration_s=20.0)
    content = recording.audio.read_bytes()
    recording.audio.write_bytes(content[: len(content) // 2])
    with pytest.raises(DatasetError, match=r"^song: .*song.flac (is damaged between|cannot be read any more)"):
        read_samples(recording, 150_000, 1000)
