"""Soundfonts as instruments."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from pianotrans.errors import DatasetError, ExtraError
from pianotrans.events import Note, Pedal, Performance
from pianotrans.training.synthesis import SoundFont, Stage, open_instrument, render
from tests.commands.driving import names, run
from tests.synthesis import random_performance

from .soundfonts import ROOT_KEY, soundfont

pytest.importorskip("tinysoundfont")

RATE = 22_050


@pytest.fixture(scope="module")
def font(tmp_path_factory: pytest.TempPathFactory) -> SoundFont:
    instrument = open_instrument(soundfont(tmp_path_factory.mktemp("font") / "sine.SF2"))
    assert isinstance(instrument, SoundFont)
    return instrument


def level(sound: np.ndarray, begin_s: float, end_s: float) -> float:
    return float(np.sqrt(np.mean(sound[round(begin_s * RATE) : round(end_s * RATE)] ** 2)))


def pitch_hz(sound: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(sound[:, 0] * np.hanning(len(sound)), 2**20))
    return float(spectrum.argmax() * RATE / 2**20)


def test_a_key_sounds_from_its_onset_until_it_is_damped(font: SoundFont):
    performance = Performance((Note(0.5, 1.0, ROOT_KEY, 100),))
    sound = render(performance, font, length_s=2.0, rate=RATE)
    assert sound.shape == (2 * RATE, 2)
    assert not sound[: round(0.499 * RATE)].any()
    assert level(sound, 0.51, 0.99) > 1e-3
    assert level(sound, 1.5, 2.0) < 1e-3 * level(sound, 0.51, 0.99)
    held = render(Performance(performance.notes, (Pedal(0.7, 1.8, "sustain"),)), font, length_s=2.0, rate=RATE)
    assert level(held, 1.2, 1.7) == pytest.approx(level(held, 0.51, 0.99), rel=0.01)


def test_pitch_and_tuning(font: SoundFont):
    for key, cents in ((ROOT_KEY, 0.0), (ROOT_KEY + 12, 0.0), (ROOT_KEY, 30.0)):
        tuning = dict.fromkeys(range(21, 109), cents)
        sound = render(Performance((Note(0, 1, key, 90),)), font, length_s=1.0, rate=RATE, tuning_cents=tuning)
        assert pitch_hz(sound) == pytest.approx(441 * 2 ** ((key - ROOT_KEY) / 12 + cents / 1200), rel=2e-3)


def test_loud_keys_are_louder(font: SoundFont):
    levels = [
        level(render(Performance((Note(0, 1, ROOT_KEY, v),)), font, length_s=1.0, rate=RATE), 0.1, 0.9)
        for v in (20, 60, 120)
    ]
    assert levels[0] < levels[1] < levels[2]


def test_the_same_every_time_and_on_a_stage(font: SoundFont):
    performance = random_performance(1, 2.0)
    one, other = (Stage.draw((0, 1), RATE).record(performance, font, RATE) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert np.abs(one).max() <= 1


def test_the_command_takes_a_soundfont(font: SoundFont, tmp_path: Path):
    random_performance(1, 1.0).save(tmp_path / "a.mid")
    result = run("synthesize", tmp_path / "a.mid", tmp_path / "out", "--samples", font.path, "--quiet")
    assert (result.exit_code, result.stderr) == (0, "")
    assert names(tmp_path / "out" / "2000") == ["a.flac", "a.midi"]
    assert soundfile.read(tmp_path / "out" / "2000" / "a.flac")[0].any()


def test_what_is_no_soundfont(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "bad.sf2").write_text("no soundfont")
    for path in (tmp_path / "bad.sf2", tmp_path / "none.sf3", soundfont(tmp_path / "other.sf2", preset=40)):
        with pytest.raises(DatasetError, match=f"{path.name}: is no soundfont with a piano"):
            open_instrument(path)
    monkeypatch.setattr("pianotrans.training.synthesis.soundfont.find_spec", lambda _: None)
    with pytest.raises(ExtraError, match=r"not installed. Run: .* --no-deps tinysoundfont$"):
        open_instrument(tmp_path / "bad.sf2")
