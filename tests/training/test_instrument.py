"""The sampled piano: attacks, pitch, level, dampers, pedals, tuning."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from pianotrans.errors import DatasetError, MidiError
from pianotrans.events import SOFT, SUSTAIN, Note, Pedal, Performance
from pianotrans.training.synthesis import SampleLibrary, render

from .pianos import piano

RATE = 44_100


@pytest.fixture(scope="module")
def a4(tmp_path_factory: pytest.TempPathFactory) -> SampleLibrary:
    """The key A4 only, at sixteen strengths; the keys make no noise."""
    folder = piano(tmp_path_factory.mktemp("samples"), [69], range(1, 17))
    noises = folder / "piano-release" / "audio"
    noises.mkdir(parents=True)
    soundfile.write(noises / "rel49.ogg", np.zeros((4800, 2)), 48_000)
    return SampleLibrary.open(folder)


def play(library: SampleLibrary, *events: Note | Pedal, length_s: float, **options) -> np.ndarray:
    notes = tuple(event for event in events if isinstance(event, Note))
    pedals = tuple(event for event in events if isinstance(event, Pedal))
    return render(Performance(notes, pedals), library, length_s=length_s, rate=RATE, **options)


def level(sound: np.ndarray, begin_s: float, end_s: float) -> float:
    return float(np.sqrt(np.mean(sound[round(begin_s * RATE) : round(end_s * RATE)] ** 2)))


def hertz(sound: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(sound[:, 0], 10 * RATE))  # 0.1 Hz a bin
    return float(spectrum.argmax() / 10)


@pytest.mark.parametrize("key", [68, 69, 70])
def test_the_attack_is_on_the_onset_at_the_right_pitch(key: int, a4: SampleLibrary):
    sound = play(a4, Note(0.2, 1.2, key, 80), length_s=1.2)
    attack_s = np.argmax(np.abs(sound[:, 0]) > 0.1 * np.abs(sound).max()) / RATE
    assert attack_s == pytest.approx(0.2, abs=0.002)
    assert hertz(sound[round(0.2 * RATE) :]) == pytest.approx(440 * 2 ** ((key - 69) / 12), abs=1)


def test_tuning(a4: SampleLibrary):
    sound = play(a4, Note(0.2, 1.2, 69, 80), length_s=1.2, tuning_cents={69: 20.0, 70: -50.0})
    assert hertz(sound[round(0.2 * RATE) :]) == pytest.approx(440 * 2 ** (0.2 / 12), abs=0.5)


def test_level_is_the_square_of_velocity(a4: SampleLibrary):
    levels = [level(play(a4, Note(0, 1, 69, v), length_s=1), 0, 0.5) for v in (30, 60, 120)]
    np.testing.assert_allclose(np.divide(levels[1:], levels[:-1]), 4, rtol=0.02)


def test_the_layer_follows_the_velocity(a4: SampleLibrary):
    assert [a4.layer_of(velocity) for velocity in (1, 8.9, 9, 68, 127, 127.5)] == [1, 1, 2, 9, 16, 16]
    soft, loud = (np.abs(np.fft.rfft(play(a4, Note(0, 1, 69, v), length_s=1)[:, 0])) for v in (5, 125))
    assert loud[880] / loud[440] > 5 * soft[880] / soft[440]


def test_dampers_fall_unless_the_pedal_holds(a4: SampleLibrary):
    note = Note(0.1, 0.4, 69, 80)
    dry = play(a4, note, length_s=2)
    pedalled = play(a4, note, Pedal(0.2, 1.0, SUSTAIN), length_s=2)
    late = play(a4, note, Pedal(0.5, 1.0, SUSTAIN), length_s=2)
    assert level(dry, 0.7, 0.9) < 0.001 * level(dry, 0.2, 0.4)
    assert level(pedalled, 0.7, 0.9) > 0.5 * level(pedalled, 0.2, 0.4)
    assert level(pedalled, 1.3, 1.5) < 0.001 * level(pedalled, 0.2, 0.4)
    np.testing.assert_array_equal(late, dry)  # a pedal that comes after the damper lifts nothing


def test_the_highest_strings_have_no_dampers(tmp_path: Path):
    library = SampleLibrary.open(piano(tmp_path, [90, 91], [1]))
    damped, free = (play(library, Note(0.1, 0.4, key, 80), length_s=2) for key in (90, 91))
    assert level(damped, 0.8, 1.0) < 0.001 * level(damped, 0.2, 0.4)
    assert level(free, 0.8, 1.0) > 0.5 * level(free, 0.2, 0.4)


def test_the_soft_pedal_is_softer(a4: SampleLibrary):
    note = Note(0.1, 0.4, 69, 80)
    loud, soft = play(a4, note, length_s=0.5), play(a4, note, Pedal(0.0, 0.3, SOFT), length_s=0.5)
    assert level(soft, 0.1, 0.4) == pytest.approx(0.64 * level(loud, 0.1, 0.4), rel=0.02)


def test_a_string_struck_again_forgets_the_former_stroke(a4: SampleLibrary):
    first, second, pedal = Note(0.1, 0.3, 69, 120), Note(0.5, 0.9, 69, 30), Pedal(0.0, 1.0, SUSTAIN)
    both, alone = play(a4, first, second, pedal, length_s=1), play(a4, second, pedal, length_s=1)
    np.testing.assert_allclose(both[round(0.65 * RATE) :], alone[round(0.65 * RATE) :], atol=1e-4)


def test_keys_going_up_make_their_noise(tmp_path: Path):
    folder = piano(tmp_path, [69], [1])
    noise = np.random.default_rng(0).normal(0, 0.1, 4800)
    soundfile.write(folder / "rel49.wav", noise, 48_000)
    sound = play(SampleLibrary.open(folder), Note(0.1, 0.4, 69, 127), Note(0.1, 0.4, 70, 127), length_s=1.5)
    after = sound[round(1.2 * RATE) :]
    assert not after.any()
    without = play(SampleLibrary.open(piano(tmp_path / "other", [69], [1])), Note(0.1, 0.4, 69, 127), length_s=1.5)
    with_noise = play(SampleLibrary.open(folder), Note(0.1, 0.4, 69, 127), length_s=1.5)
    difference = with_noise - without
    assert not difference[: round(0.39 * RATE)].any()
    assert level(difference, 0.4, 0.5) == pytest.approx(0.1 * 10 ** (-37 / 20), rel=0.2)


def test_notes_at_and_beyond_the_ends(a4: SampleLibrary):
    sound = play(a4, Note(0.0, 5.0, 69, 80), Note(9.0, 10.0, 69, 80), length_s=0.5)
    assert sound.shape == (22_050, 2)
    assert level(sound, 0.0, 0.1) > 0.01


def test_no_notes_are_silence(a4: SampleLibrary):
    np.testing.assert_array_equal(play(a4, length_s=0.5), np.zeros((22_050, 2), np.float32))


@pytest.mark.parametrize("key", [20, 109])
def test_keys_that_a_piano_lacks(key: int, a4: SampleLibrary):
    with pytest.raises(MidiError, match=rf"key {key}: a piano has the MIDI keys 21 to 108. Transpose"):
        play(a4, Note(0, 1, key, 80), length_s=1)


# Folders


def test_folders_without_samples(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("no sample")
    soundfile.write(tmp_path / "song.wav", np.zeros(100), RATE)
    with pytest.raises(DatasetError, match=r": holds no piano samples. Give a folder with recordings named like"):
        SampleLibrary.open(tmp_path)
    with pytest.raises(DatasetError, match=r"nowhere: there is no such folder. Give a folder of piano samples\.$"):
        SampleLibrary.open(tmp_path / "nowhere")


def test_keys_that_were_not_recorded(a4: SampleLibrary):
    with pytest.raises(DatasetError, match=r"audio: no sample within 6 semitones of key 90 with strength \d+"):
        play(a4, Note(0, 1, 90, 80), length_s=1)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"no sound at all", "A4v1.wav: cannot be read .*Copy the sample again"), (None, "A4v1.wav: is silent")],
)
def test_samples_that_are_damaged(tmp_path: Path, content: bytes | None, message: str):
    soundfile.write(tmp_path / "A4v1.wav", np.zeros(RATE), RATE)
    if content:
        (tmp_path / "A4v1.wav").write_bytes(content)
    with pytest.raises(DatasetError, match=message):
        play(SampleLibrary.open(tmp_path), Note(0, 1, 69, 80), length_s=1)


def test_mono_samples_and_another_rate(tmp_path: Path):
    time_s = np.arange(32_000) / 32_000
    soundfile.write(tmp_path / "A4v1.flac", 0.5 * np.sin(2 * np.pi * 440 * time_s), 32_000)
    sound = play(SampleLibrary.open(tmp_path), Note(0.1, 0.9, 69, 80), length_s=0.9)
    np.testing.assert_array_equal(sound[:, 0], sound[:, 1])
    assert hertz(sound) == pytest.approx(440, abs=1)
