"""The clips of data/samples, their reference MIDI, and the scripts that made them."""

from functools import cache
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pretty_midi
import pytest
import soundfile as sf

from pianotrans.events import load_midi
from pianotrans.training.synthesis import SampleLibrary
from tests.training.pianos import whole_piano

DATA = Path(__file__).parents[2] / "data"
CLIPS = {
    "bach_prelude": (".ogg", 64),
    "satie_gymnopedie": (".mp3", 38),
    "beethoven_fur_elise": (".flac", 53),
}
RATE = 44100


@pytest.fixture(params=CLIPS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def instrument(name: str) -> pretty_midi.Instrument:
    (instrument,) = pretty_midi.PrettyMIDI(str(DATA / "samples" / f"{name}.mid")).instruments
    return instrument


@cache
def sound_of(name: str) -> tuple[np.ndarray, int]:
    """Samples and rate of a clip, which is decoded once."""
    return sf.read(audio_path(name))


def audio_path(name: str) -> Path:
    return DATA / "samples" / (name + CLIPS[name][0])


def test_every_clip_has_its_midi_and_nothing_else_is_there() -> None:
    expected = {f"{name}.mid" for name in CLIPS} | {name + suffix for name, (suffix, _) in CLIPS.items()}
    assert {path.name for path in (DATA / "samples").iterdir()} == expected


def test_clip_is_short_small_stereo_and_not_clipped(name: str) -> None:
    sound, rate = sound_of(name)
    assert rate == RATE
    assert sound.shape[1] == 2
    assert 12 <= len(sound) / rate <= 20
    assert audio_path(name).stat().st_size < 1_900_000
    assert 20 * np.log10(np.abs(sound).max()) == pytest.approx(-3, abs=0.5)


def test_notes_lie_in_the_clip(name: str, instrument: pretty_midi.Instrument) -> None:
    assert len(instrument.notes) == CLIPS[name][1]
    duration_s = sf.info(audio_path(name)).duration
    for note in instrument.notes:
        assert 0 < note.start < note.end < duration_s
        assert 1 <= note.velocity <= 127


def test_no_key_is_struck_while_it_is_held(instrument: pretty_midi.Instrument) -> None:
    in_order = sorted(instrument.notes, key=lambda note: (note.pitch, note.start))
    for note, following in pairwise(in_order):
        assert note.pitch != following.pitch or note.end < following.start


def test_sustain_pedal_moves_in_every_clip_and_soft_pedal_in_one(
    name: str, instrument: pretty_midi.Instrument
) -> None:
    values: dict[int, list[int]] = {}
    for change in instrument.control_changes:
        values.setdefault(change.number, []).append(change.value)
    assert set(values) == ({64, 67} if name == "satie_gymnopedie" else {64})
    for moves in values.values():
        assert max(moves) >= 64
        assert moves[-1] == 0


def test_sound_rises_at_the_first_note_and_not_before(name: str, instrument: pretty_midi.Instrument) -> None:
    sound, _ = sound_of(name)
    onset = round(min(note.start for note in instrument.notes) * RATE)
    before, after = (
        np.abs(part).max() for part in (sound[: onset - RATE // 50], sound[onset : onset + RATE // 10])
    )
    assert after > 100 * before


def test_readme_names_the_author_the_licence_and_every_clip() -> None:
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    for words in ("Salamander Grand Piano V3", "Alexander Holm", "CC BY 3.0", "MAESTRO", "MAPS", "SMD"):
        assert words in readme
    for name, (suffix, n_notes) in CLIPS.items():
        assert f"{name}{suffix}" in readme
        assert f"| {n_notes} |" in readme


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    monkeypatch.syspath_prepend(str(DATA))
    import make_samples
    import pieces

    return SimpleNamespace(make_samples=make_samples, pieces=pieces)


def test_the_script_performs_the_same_midi_to_the_byte(name: str, scripts: SimpleNamespace, tmp_path: Path) -> None:
    (piece,) = (piece for piece in scripts.pieces.PIECES if piece.name == name)
    scripts.make_samples.perform(piece).write(str(tmp_path / "again.mid"))
    assert (tmp_path / "again.mid").read_bytes() == (DATA / "samples" / f"{name}.mid").read_bytes()


def test_a_bar_that_does_not_add_up_is_refused(scripts: SimpleNamespace) -> None:
    with pytest.raises(ValueError, match=r"left: bar line at beat 2\.0, bars have 3 beats"):
        scripts.pieces.parse_line("C4 E4 | G4", "left", unit=1, bar_beats=3)


def test_the_script_plays_a_clip_on_the_sampler(scripts: SimpleNamespace, tmp_path: Path) -> None:
    performance = load_midi(DATA / "samples" / "beethoven_fur_elise.mid")
    sound = scripts.make_samples.play(performance, SampleLibrary.open(whole_piano(tmp_path)), 13.5)
    assert sound.shape == (round(13.5 * RATE), 2)
    assert 20 * np.log10(np.abs(sound).max()) == pytest.approx(-3, abs=0.01)
    assert not sound[-1].any()
