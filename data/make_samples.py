"""Make the clips of data/samples: perform each piece, write the MIDI, render that MIDI, encode the sound.

python data/make_samples.py SAMPLES_FOLDER [--out FOLDER]

SAMPLES_FOLDER holds piano-velocity1 … piano-velocity16 and piano-release (see data/README.md). The MIDI files
come out the same to the byte; the sound comes out the same up to the encoders.
"""

import argparse
from itertools import groupby, pairwise
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pretty_midi
import soundfile as sf
from pieces import PIECES, Piece, ScoreNote

from pianotrans.events import Performance, load_midi
from pianotrans.training.synthesis import SampleLibrary, render

TICKS_PER_QUARTER = 960
RATE = 44100
LEAD_IN_S = 0.5  # silence before the first beat
TAIL_S = 0.7  # after the last key or pedal goes up
FADE_S = 0.2
PEAK = 10 ** (-3 / 20)
SUSTAIN, SOFT = 64, 67  # controllers
ENCODINGS: dict[str, dict[str, Any]] = {
    ".flac": {"subtype": "PCM_16"},
    ".ogg": {"subtype": "VORBIS", "compression_level": 0.3},
    ".mp3": {"subtype": "MPEG_LAYER_III", "bitrate_mode": "CONSTANT", "compression_level": 0.45},
}


def perform(piece: Piece) -> pretty_midi.PrettyMIDI:
    """Turn the score into a performance: rubato, touch, voicing and pedals, all from the piece's own seed."""
    random = Random(piece.seed)
    instrument = pretty_midi.Instrument(program=0, name=piece.title)
    instrument.notes = release_before_restrike(play_notes(piece, random))
    instrument.control_changes = [
        *play_pedal(piece, SUSTAIN, piece.sustain, 0.13, random),
        *play_pedal(piece, SOFT, piece.soft, 0.0, random),
    ]
    midi = pretty_midi.PrettyMIDI(resolution=TICKS_PER_QUARTER, initial_tempo=120)
    midi.instruments.append(instrument)
    return midi


def play_notes(piece: Piece, random: Random) -> list[pretty_midi.Note]:
    """Place every printed note in time and give it a velocity."""
    notes = []
    in_order = sorted(piece.notes, key=lambda note: (note.beat, note.part != "melody", note.pitch))
    for beat, together in groupby(in_order, key=lambda note: note.beat):
        chord = list(together)
        spread_s = random.uniform(0.005, 0.030)  # melody first, then from the bass upwards
        for i, note in enumerate(chord):
            late_s = spread_s * i / max(len(chord) - 1, 1) + random.uniform(-0.006, 0.006)
            start = second(piece, beat) + late_s
            end = second(piece, beat + note.beats) + random.uniform(-0.02, 0.04)  # legato: a little too long
            notes.append(pretty_midi.Note(velocity(piece, note, random), note.pitch, start, end))
    return notes


def second(piece: Piece, beat: float) -> float:
    """When a beat falls: the integral of 60 / tempo from the first beat of the tempo curve."""
    beats, tempi = zip(*piece.tempo, strict=True)
    grid = np.linspace(beats[0], beat, 1 + max(1, round(abs(beat - beats[0]) * 64)))
    seconds = 60 / np.interp(grid, beats, tempi)
    return LEAD_IN_S + float(np.sum((seconds[1:] + seconds[:-1]) / 2 * np.diff(grid)))


def velocity(piece: Piece, note: ScoreNote, random: Random) -> int:
    """The phrase's dynamics, the part's weight, a light accent on the first beat, and a human hand."""
    beats, velocities = zip(*piece.dynamics, strict=True)
    phrase = float(np.interp(note.beat, beats, velocities))
    accent = 3 if note.beat % piece.bar_beats == 0 else 0
    return int(np.clip(round(phrase + piece.voicing[note.part] + accent + random.uniform(-3, 3)), 1, 127))


def release_before_restrike(notes: list[pretty_midi.Note]) -> list[pretty_midi.Note]:
    """Let a key go at least 40 ms before it is struck again."""
    by_key = sorted(notes, key=lambda note: (note.pitch, note.start))
    for note, following in pairwise(by_key):
        if note.pitch == following.pitch:
            note.end = min(note.end, following.start - 0.04)
    return sorted(notes, key=lambda note: (note.start, note.pitch))


def play_pedal(
    piece: Piece, controller: int, spans: tuple[tuple[float, float], ...], lag_s: float, random: Random
) -> list[pretty_midi.ControlChange]:
    """Legato pedalling: up as the new harmony is struck, down again `lag_s` later; a move takes 50 ms."""
    changes = []
    for down_beat, up_beat in spans:
        depth = random.uniform(100, 127)
        down_s = second(piece, down_beat) + lag_s + random.uniform(0, 0.03)
        up_s = second(piece, up_beat) + random.uniform(0, 0.02)
        for begin_s, levels in ((down_s, (0.3, 0.6, 0.85, 1)), (up_s, (0.8, 0.5, 0.2, 0))):
            for i, level in enumerate(levels):
                value = round(depth * level)
                changes.append(pretty_midi.ControlChange(controller, value, begin_s + i * 0.05 / 3))
    return changes


def play(performance: Performance, library: SampleLibrary, length_s: float) -> np.ndarray:
    """Play a performance as it is, without a room or noise, to stereo with the peak at -3 dBFS."""
    sound = render(performance, library, length_s=length_s, rate=RATE)
    n_fade = round(FADE_S * RATE)
    sound[-n_fade:] *= np.linspace(1, 0, n_fade, dtype=np.float32)[:, None]
    return sound * np.float32(PEAK / np.abs(sound).max())


def encode(sound: np.ndarray, path: Path) -> None:
    """Write in blocks: libsndfile's Vorbis encoder can overflow its stack when given much at once."""
    with sf.SoundFile(path, "w", samplerate=RATE, channels=2, **ENCODINGS[path.suffix]) as file:
        for begin in range(0, len(sound), RATE):
            file.write(sound[begin : begin + RATE])


def main() -> None:
    """Make all clips."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("samples", type=Path, metavar="SAMPLES_FOLDER", help="a node_modules/@audio-samples folder")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "samples", help="default: data/samples")
    arguments = parser.parse_args()
    library = SampleLibrary.open(arguments.samples)
    for piece in PIECES:
        midi_path = arguments.out / f"{piece.name}.mid"
        perform(piece).write(str(midi_path))
        performance = load_midi(midi_path)  # read back: what is rendered is what was written
        length_s = pretty_midi.PrettyMIDI(str(midi_path)).get_end_time() + TAIL_S
        sound = play(performance, library, length_s)
        encode(sound, midi_path.with_suffix(piece.audio_suffix))
        print(f"{piece.name}{piece.audio_suffix}: {len(sound) / RATE:.2f} s, {performance.n_notes} notes")


if __name__ == "__main__":
    main()
