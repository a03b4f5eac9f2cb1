"""Make the few small piano sounds that reports play: `python data/make_piano_samples.py FOLDER`.

FOLDER is node_modules/@audio-samples with the package `piano-velocity9` of the Salamander Grand Piano V3 by
Alexander Holm (CC BY 3.0). Each sound becomes mono, is cut to some seconds, faded out, brought to one level and
encoded as MP3, which every browser decodes.
"""

import sys
from pathlib import Path

import av
import numpy as np
import soundfile as sf
import soxr

ASSETS = Path(__file__).resolve().parent.parent / "pianotrans" / "views" / "assets" / "piano"
NAMES = ("D#1", "A1", "D#2", "A2", "D#3", "A3", "D#4", "A4", "D#5", "A5", "F#6", "D#7")
NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
RATE = 32_000
BIT_RATE = 40_000
LONGEST_S, SHORTEST_S = 4.0, 1.8  # of the lowest key and of the highest
FADE_PART = 0.4
PEAK = 0.7
BEFORE_ATTACK_S = 0.002


def key_of(name: str) -> int:
    """A#4 → 70."""
    return NOTES.index(name[:-1]) + 12 * (int(name[-1]) + 1)


def prepared(path: Path, length_s: float) -> np.ndarray:
    """Mono samples that begin with the attack, shape (n,), float32."""
    stereo, rate = sf.read(path, dtype="float32", always_2d=True)
    sound = soxr.resample(stereo.mean(axis=1), rate, RATE)
    attack = int(np.argmax(np.abs(sound) > 0.05 * np.abs(sound).max()))
    sound = sound[max(0, attack - round(BEFORE_ATTACK_S * RATE)) :][: round(length_s * RATE)]
    n_fade = round(len(sound) * FADE_PART)
    sound[-n_fade:] *= np.cos(np.linspace(0, np.pi / 2, n_fade)) ** 2
    return (sound * (PEAK / np.abs(sound).max())).astype(np.float32)


def save(path: Path, sound: np.ndarray) -> None:
    """Encode mono samples as MP3."""
    with av.open(str(path), "w", format="mp3") as file:
        stream = file.add_stream("libmp3lame", rate=RATE, layout="mono", bit_rate=BIT_RATE)
        frame = av.AudioFrame.from_ndarray(sound[None], format="fltp", layout="mono")
        frame.sample_rate = RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)


def main(folder: Path) -> None:
    """Write a file for each of the keys, named by its number."""
    ASSETS.mkdir(parents=True, exist_ok=True)
    for i, name in enumerate(NAMES):
        length_s = LONGEST_S + (SHORTEST_S - LONGEST_S) * i / (len(NAMES) - 1)
        sound = prepared(folder / "piano-velocity9" / "audio" / f"{name}v9.ogg", length_s)
        save(ASSETS / f"{key_of(name)}.mp3", sound)
    print(f"{sum(path.stat().st_size for path in ASSETS.glob('*.mp3'))} bytes in {ASSETS}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
