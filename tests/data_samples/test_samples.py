"""The clips of data/samples, their reference MIDI, and the sampler that made them."""

from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pretty_midi
import pytest
import soundfile as sf

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


def audio_path(name: str) -> Path:
    return DATA / "samples" / (name + CLIPS[name][0])


def test_every_clip_has_its_midi_and_nothing_else_is_there() -> None:
    expected = {f"{name}.mid" for name in CLIPS} | {name + suffix for name, (suffix, _) in CLIPS.items()}
    assert {path.name for path in (DATA / "samples").iterdir()} == expected


def test_clip_is_short_small_stereo_and_not_clipped(name: str) -> None:
    path = audio_path(name)
    sound, rate = sf.read(path)
    assert rate == RATE
    assert sound.shape[1] == 2
    assert 12 <= len(sound) / rate <= 20
    assert path.stat().st_size < 1_900_000
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
    sound, _ = sf.read(audio_path(name))
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
    import sampler

    return SimpleNamespace(make_samples=make_samples, pieces=pieces, sampler=sampler)


def test_the_script_performs_the_same_midi_to_the_byte(name: str, scripts: SimpleNamespace, tmp_path: Path) -> None:
    (piece,) = (piece for piece in scripts.pieces.PIECES if piece.name == name)
    scripts.make_samples.perform(piece).write(str(tmp_path / "again.mid"))
    assert (tmp_path / "again.mid").read_bytes() == (DATA / "samples" / f"{name}.mid").read_bytes()


def test_a_bar_that_does_not_add_up_is_refused(scripts: SimpleNamespace) -> None:
    with pytest.raises(ValueError, match=r"left: bar line at beat 2\.0, bars have 3 beats"):
        scripts.pieces.parse_line("C4 E4 | G4", "left", unit=1, bar_beats=3)


@pytest.fixture(scope="module")
def one_note_piano(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample folder with the key A4 only: 12 ms of silence, then a slowly falling sine; no key noise."""
    samples = tmp_path_factory.mktemp("samples")
    time_s = np.arange(2 * 48000) / 48000
    sine = np.sin(2 * np.pi * 440 * time_s) * np.exp(-time_s / 2)
    string = np.concatenate([np.zeros(576), 0.5 * sine])
    for layer in range(1, 17):
        folder = samples / f"piano-velocity{layer}" / "audio"
        folder.mkdir(parents=True)
        sf.write(folder / f"A4v{layer}.ogg", np.stack([string, string], axis=1), 48000)
    folder = samples / "piano-release" / "audio"
    folder.mkdir(parents=True)
    for pitch in (68, 69, 70):
        sf.write(folder / f"rel{pitch - 20}.ogg", np.zeros((4800, 2)), 48000)
    return samples


def level(sound: np.ndarray, begin_s: float, end_s: float) -> float:
    return float(np.sqrt(np.mean(sound[round(begin_s * RATE) : round(end_s * RATE)] ** 2)))


@pytest.mark.parametrize("pitch", [68, 69, 70])
def test_sampler_attacks_on_the_onset_at_the_right_pitch(
    pitch: int, scripts: SimpleNamespace, one_note_piano: Path
) -> None:
    note = pretty_midi.Note(80, pitch, 0.2, 1.2)
    sound = scripts.sampler.render([note], [], [], one_note_piano, length_s=1.2)[:, 0]
    attack_s = np.argmax(np.abs(sound) > 0.1 * np.abs(sound).max()) / RATE
    assert attack_s == pytest.approx(0.2, abs=0.002)
    spectrum = np.abs(np.fft.rfft(sound[round(0.2 * RATE) : round(1.2 * RATE)]))  # bins of 1 Hz
    assert spectrum.argmax() == pytest.approx(440 * 2 ** ((pitch - 69) / 12), abs=1)


def test_sampler_level_is_the_square_of_velocity(scripts: SimpleNamespace, one_note_piano: Path) -> None:
    levels = [
        level(
            scripts.sampler.render([pretty_midi.Note(v, 69, 0, 1)], [], [], one_note_piano, length_s=1),
            0,
            0.5,
        )
        for v in (30, 60, 120)
    ]
    np.testing.assert_allclose(np.divide(levels[1:], levels[:-1]), 4, rtol=0.02)


def test_sampler_damps_unless_the_pedal_holds(scripts: SimpleNamespace, one_note_piano: Path) -> None:
    note = pretty_midi.Note(80, 69, 0.1, 0.4)

    def play(sustain: list[tuple[float, int]]) -> np.ndarray:
        return scripts.sampler.render([note], sustain, [], one_note_piano, length_s=2)

    dry, pedalled, late = play([]), play([(0.2, 100), (1.0, 0)]), play([(0.5, 100), (1.0, 0)])
    assert level(dry, 0.7, 0.9) < 0.001 * level(dry, 0.2, 0.4)
    assert level(pedalled, 0.7, 0.9) > 0.5 * level(pedalled, 0.2, 0.4)
    assert level(pedalled, 1.3, 1.5) < 0.001 * level(pedalled, 0.2, 0.4)
    np.testing.assert_array_equal(late, dry)  # a pedal that comes after the damper lifts nothing


def test_sampler_soft_pedal_is_softer(scripts: SimpleNamespace, one_note_piano: Path) -> None:
    note = pretty_midi.Note(80, 69, 0.1, 0.4)
    loud, soft = (
        scripts.sampler.render([note], [], controls, one_note_piano, length_s=0.5)
        for controls in ([], [(0.0, 127)])
    )
    assert level(soft, 0.1, 0.4) == pytest.approx(0.64 * level(loud, 0.1, 0.4), rel=0.02)


def test_sampler_restrike_damps_the_former_string(scripts: SimpleNamespace, one_note_piano: Path) -> None:
    first, second = pretty_midi.Note(120, 69, 0.1, 0.3), pretty_midi.Note(30, 69, 0.5, 1.0)
    pedal = [(0.0, 127)]
    both = scripts.sampler.render([first, second], pedal, [], one_note_piano, length_s=1)
    alone = scripts.sampler.render([second], pedal, [], one_note_piano, length_s=1)
    np.testing.assert_allclose(both[round(0.65 * RATE) :], alone[round(0.65 * RATE) :], atol=1e-4)


def test_sampler_refuses_keys_a_piano_lacks(scripts: SimpleNamespace, one_note_piano: Path) -> None:
    with pytest.raises(ValueError, match="pitch 109: a piano has the MIDI pitches 21 to 108"):
        scripts.sampler.render([pretty_midi.Note(80, 109, 0, 1)], [], [], one_note_piano, length_s=1)


def test_sampler_without_notes_is_silence(scripts: SimpleNamespace, one_note_piano: Path) -> None:
    np.testing.assert_array_equal(
        scripts.sampler.render([], [], [], one_note_piano, length_s=0.5), np.zeros((22050, 2), np.float32)
    )
