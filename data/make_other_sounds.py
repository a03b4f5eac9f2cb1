"""What the warning about other instruments was calibrated on: sounds that are no piano, or not only one.

usage: python data/make_other_sounds.py SHARED OUT

SHARED is a folder with `asap/performances`, `maps` and `maestro-mini`. OUT gets clips of 16 s as FLAC, and
`clips.csv` (columns path, kind, label, split; label 1 is solo piano). It takes about two minutes, and needs these
packages of Debian: fluidsynth, fluid-soundfont-gm, timgm6mb-soundfont, espeak-ng.

Music comes from performances on pianos, played by other instruments. The clips of the split `fit` have the
programs of FluidR3 and some performances; those of `test` have TimGM6mb and others. Where a second source sounds
along, its level under the piano is in the name of the kind. The licences of the data sets and the sound fonts also
hold for the clips: they are for measurements, and not for passing on.
"""

import csv
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pretty_midi
import soundfile
import soxr
from numpy.typing import NDArray

from pianotrans.events import Note, load_midi

RATE = 44_100
CLIP_S = 16.0
BEGIN_S = 20.0  # where a clip begins in a performance
LEVELS_DB = (0, -6, -12, -20)  # of the second source, relative to the piano
FONTS = {"fit": "FluidR3_GM.sf2", "test": "TimGM6mb.sf2"}
FONT_FOLDER = Path("/usr/share/sounds/sf2")

# General MIDI programs from 0; several in a row share the notes from the highest to the lowest.
INSTRUMENTS: dict[str, tuple[tuple[int, ...], ...]] = {
    "strings": ((48,), (40, 40, 41, 42), (49,), (42,)),
    "organ": ((19,), (16,), (19,), (20,)),
    "guitar": ((24,), (25,), (24,), (26,)),
    "wind": ((73, 68, 71, 70), (65,), (56, 60, 57, 58), (21,)),
    "choir": ((52,), (53,), (52,), (54,)),
    "orchestra": ((73, 48, 60, 43), (68, 40, 41, 42), (56, 48, 57, 58), (71, 49, 60, 42)),
    "mallets and harp": ((46,), (11,), (12,), (46,)),
    "harpsichord, electric piano": ((6,), (4,), (6,), (5,)),
}
PIANOS = ((0,), (1,), (0,), (1,))
SECOND_SOURCES = ("speech", "strings", "guitar", "drums", "wind", "choir", "noise")
SPLITS = ("fit", "test")
TEXTS = {
    "en-gb": "The pedal is a lever under the piano. A player presses it with the foot, and all dampers rise from "
    "the strings. Then the strings sound on after the keys are released, and others sing along with them.",
    "de": "Das Pedal ist ein Hebel unter dem Klavier. Wer es tritt, hebt alle Dämpfer von den Saiten. Dann klingen "
    "die Saiten weiter, auch wenn die Tasten losgelassen sind, und andere schwingen mit ihnen.",
    "fr": "La pédale est un levier sous le piano. On la presse avec le pied, et tous les étouffoirs se lèvent. Les "
    "cordes continuent alors de sonner, et d'autres cordes vibrent avec elles.",
    "es": "El pedal es una palanca debajo del piano. Quien lo pisa levanta todos los apagadores de las cuerdas. "
    "Las cuerdas siguen sonando, y otras vibran con ellas.",
}

Sound = NDArray[np.float32]  # (n,), mono


def main() -> None:
    """Write the clips, then their table."""
    shared, out = Path(sys.argv[1]), Path(sys.argv[2])
    rows = []
    for kind, label, split, sound in _clips(shared):
        name = f"{len(rows):03}_{kind.replace(' ', '_').replace(',', '')}.flac"
        out.mkdir(parents=True, exist_ok=True)
        loud = sound / max(float(np.abs(sound).max()), 1e-9) * 0.7
        soundfile.write(out / name, loud, RATE)
        rows.append((name, kind, label, split))
    with (out / "clips.csv").open("w", newline="", encoding="utf-8") as table:
        csv.writer(table).writerows([("path", "kind", "label", "split"), *rows])


def _clips(shared: Path) -> Iterator[tuple[str, int, str, Sound]]:
    """Every clip with its kind, its label and its split."""
    random = np.random.default_rng(0)
    pianos = _pianos(shared)
    for split in SPLITS:
        performances = _performances(shared, split)
        sources: dict[str, list[Sound]] = {"noise": [_noise(random, slope) for slope in (0.0, 1.0, 2.0)]}
        sources["speech"] = [_speech(name) for name in list(TEXTS)[split == "test" :: 2]]
        sources["drums"] = [_play(_drums(random, bpm), split) for bpm in (92, 126)]
        for kind, choices in INSTRUMENTS.items():
            some = choices[:2] if split == "fit" else choices[2:]
            twice = [programs for programs in some for _ in range(2)]
            sources[kind] = [_play(_arranged(next(performances), programs), split) for programs in twice]
        pairs = zip(sources["guitar"], sources["drums"], strict=False)
        sources["band"] = [_mixed(guitar, drums, -3) for guitar, drums in pairs]
        for kind, sounds in sources.items():
            yield from ((kind, 0, split, sound) for sound in sounds)
        for programs in PIANOS:
            midi = _arranged(next(performances), programs, pedal=True)
            yield "piano of a sound font", 1, split, _play(midi, split)
        for kind in SECOND_SOURCES:
            for level_db in LEVELS_DB:
                second = sources[kind][random.integers(len(sources[kind]))]
                # noise under the piano is a bad recording of a piano, and no second source
                label = int(kind == "noise" and level_db <= -12)
                yield f"piano + {kind} {level_db} dB", label, split, _mixed(next(pianos), second, level_db)


def _performances(shared: Path, split: str) -> Iterator[Path]:
    paths = sorted((shared / "asap" / "performances").glob("*.mid"))
    return iter(paths[5::14] if split == "fit" else paths[11::14])


def _pianos(shared: Path) -> Iterator[Sound]:
    """Clips of real and sampled pianos, each of another recording, the real ones first."""
    paths = [*sorted(shared.glob("maps/ENST*/MUS/*.flac")), *sorted(shared.glob("maestro-mini/*/*.wav"))]
    paths += sorted(shared.glob("maps/train/*.opus"))[1::2]
    for path in paths:
        sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
        yield _clip(soxr.resample(sound.mean(axis=1), rate, RATE), begin_s=12.0)


def _notes(path: Path) -> list[Note]:
    notes = load_midi(path).notes
    begin_s = notes[0].onset_s + BEGIN_S
    return [n for n in notes if begin_s <= n.onset_s < begin_s + CLIP_S]


def _arranged(path: Path, programs: tuple[int, ...], *, pedal: bool = False) -> pretty_midi.PrettyMIDI:
    """Notes of a performance shared out among instruments by their pitch."""
    performance, notes = load_midi(path), _notes(path)
    begin_s = notes[0].onset_s
    midi = pretty_midi.PrettyMIDI()
    midi.instruments = [pretty_midi.Instrument(program) for program in programs]
    bounds = np.quantile([n.key for n in notes], np.linspace(1, 0, len(programs) + 1)[1:-1])
    for n in notes:
        part = midi.instruments[int(np.sum(n.key < bounds))]
        # instruments that cannot let a string ring play what is written, not what a pianist's finger holds
        end_s = max(n.offset_s, n.onset_s + 0.15)
        part.notes.append(pretty_midi.Note(n.velocity, n.key, n.onset_s - begin_s, end_s - begin_s))
    if pedal:
        for p in performance.pedals_of("sustain"):
            for time_s, value in ((p.onset_s, 127), (p.offset_s, 0)):
                if time_s >= begin_s:
                    midi.instruments[0].control_changes.append(
                        pretty_midi.ControlChange(64, value, time_s - begin_s)
                    )
    return midi


def _drums(random: np.random.Generator, bpm: int) -> pretty_midi.PrettyMIDI:
    """Sixteen seconds of a beat with variations."""
    midi, kit = pretty_midi.PrettyMIDI(), pretty_midi.Instrument(0, is_drum=True)
    step_s = 60 / bpm / 4
    for i in range(int(CLIP_S / step_s)):
        struck = [36] if i % 8 in (0, 5) else [38] if i % 8 == 4 else []
        struck += [42] if i % 2 == 0 else []
        struck += [int(random.choice((41, 45, 48, 49, 46)))] if random.random() < 0.15 else []
        for key in struck:
            velocity = int(random.integers(60, 120))
            kit.notes.append(pretty_midi.Note(velocity, key, i * step_s, i * step_s + 0.1))
    midi.instruments = [kit]
    return midi


def _play(midi: pretty_midi.PrettyMIDI, split: str) -> Sound:
    with tempfile.TemporaryDirectory() as folder:
        score, sound = Path(folder) / "a.mid", Path(folder) / "a.wav"
        midi.write(str(score))
        font = FONT_FOLDER / FONTS[split]
        _run("fluidsynth", "-ni", "-q", "-g", "0.4", "-r", str(RATE), "-F", str(sound), str(font), str(score))
        return _clip(soundfile.read(sound, dtype="float32", always_2d=True)[0].mean(axis=1))


def _speech(voice: str) -> Sound:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.wav"
        _run("espeak-ng", "-v", voice, "-s", "150", "-w", str(path), " ".join([TEXTS[voice]] * 3))
        sound, rate = soundfile.read(path, dtype="float32")
        return _clip(soxr.resample(sound, rate, RATE))


def _noise(random: np.random.Generator, slope: float) -> Sound:
    """Gaussian noise whose power falls with that power of the frequency: 0 white, 1 pink, 2 brown."""
    n = round(CLIP_S * RATE)
    spectrum = np.fft.rfft(random.standard_normal(n))
    spectrum *= np.maximum(np.fft.rfftfreq(n, 1 / RATE), 20) ** (-slope / 2)
    return np.asarray(np.fft.irfft(spectrum, n), np.float32)


def _mixed(first: Sound, second: Sound, level_db: float) -> Sound:
    """Two sounds, the second at that level under the first (root mean square)."""
    n = min(len(first), len(second))
    gain = 10 ** (level_db / 20) * np.std(first[:n]) / max(float(np.std(second[:n])), 1e-9)
    return np.asarray(first[:n] + gain * second[:n], np.float32)


def _clip(sound: Sound, begin_s: float = 0.0) -> Sound:
    begin = min(round(begin_s * RATE), max(len(sound) - round(CLIP_S * RATE), 0))
    return sound[begin : begin + round(CLIP_S * RATE)]


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


if __name__ == "__main__":
    main()
