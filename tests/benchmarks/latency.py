"""How long after a key is struck its note is given out: from the sound to the event, with all in between.

usage: python -m tests.benchmarks.latency [--model M] [--window S] [--hop S] [--notes N] [--clock CLOCK]

Strikes keys of a sampled piano at irregular times, each with a click, and plays the result in real time.
Prints the median and the 90 % quantile of the time from an onset in the sound to the event of its note, and how
many notes were given out at all. With `--clock processor` time passes while the source is waited for and while this
process computes, whatever else the machine does: the figures are those of an idle machine on which one core
transcribes. With `--clock sound` computing takes no time. `--clock wall` takes the clock on the wall.
"""

import argparse
import os
import time
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
import soxr
import torch
from numpy.typing import NDArray

from pianotrans.inference.transcriber import Transcriber
from pianotrans.live.decisions import Begun
from pianotrans.live.plan import LivePlan
from pianotrans.live.session import Sitting, measured
from pianotrans.live.sources import FileSource
from pianotrans.live.timekeeping import Timekeeper
from pianotrans.live.windows import hear
from tests.conftest import REPOSITORY

SAMPLES = REPOSITORY / "pianotrans" / "views" / "assets" / "piano"
RATE = 44_100
_NEAREST_S, _FURTHEST_S = 0.25, 0.9  # from one note to the next
_HELD_S = 0.8
_SAME_S = 0.1  # an event so close to a note of its key is that note
_AUDIBLE = 0.02  # of a sample's peak: its onset


class SoundTime(Timekeeper):
    """Time that passes only while this process waits for sound."""

    def __init__(self) -> None:
        self._slept_s = 0.0

    def now_s(self) -> float:
        return self._slept_s

    def sleep(self, seconds: float) -> None:
        self._slept_s += seconds


class ProcessorTime(SoundTime):
    """Time that passes while this process computes, too, but not while others keep it waiting."""

    def now_s(self) -> float:
        return super().now_s() + time.process_time()


CLOCKS = {"processor": ProcessorTime, "sound": SoundTime, "wall": Timekeeper}


@dataclass(frozen=True)
class Struck:
    """A key and the moment at which its sound begins."""

    key: int
    onset_s: float


def struck_keys(n_notes: int, seed: int = 0) -> tuple[NDArray[np.float32], list[Struck]]:
    """Mono samples of single notes with clicks, and what was struck when."""
    rng = np.random.default_rng(seed)
    sounds = {int(path.stem): _sound(path) for path in sorted(SAMPLES.glob("*.mp3"))}
    keys = [key for key in sounds if 36 <= key <= 90]
    onsets_s = accumulate(rng.uniform(_NEAREST_S, _FURTHEST_S, n_notes), initial=2.0)
    notes = [Struck(int(rng.choice(keys)), onset_s) for onset_s, _ in zip(onsets_s, range(n_notes), strict=False)]
    mix = rng.normal(0, 1e-4, round((notes[-1].onset_s + 2.0) * RATE))
    for note in notes:
        first = round(note.onset_s * RATE)
        tone = sounds[note.key][: round(_HELD_S * RATE)] * rng.uniform(0.2, 0.6)
        tone[-2000:] *= np.linspace(1, 0, 2000)
        mix[first : first + len(tone)] += tone
        mix[first : first + 20] += rng.normal(0, 0.02, 20)
    return mix.astype(np.float32), notes


def _sound(path: Path) -> NDArray[np.float64]:
    """A sample from its onset on, with a peak of 1."""
    samples, rate = soundfile.read(path, always_2d=True)
    mono = soxr.resample(samples.mean(axis=1), rate, RATE)
    mono /= np.abs(mono).max()
    return mono[np.argmax(np.abs(mono) > _AUDIBLE) :]


def latencies(sitting: Sitting, timekeeper: Timekeeper, notes: list[Struck]) -> tuple[list[float], int]:
    """Seconds from each note to its event, of those that were given out, and the number of other notes."""
    found: dict[Struck, float] = {}
    n_others = 0
    start_s = timekeeper.now_s()
    for moment in sitting.moments():
        now_s = timekeeper.now_s() - start_s
        for event in moment.events:
            if isinstance(event, Begun) and event.number > 0:
                near = [n for n in notes if n.key == event.number and abs(n.onset_s - event.onset_s) <= _SAME_S]
                n_others += not near
                found |= {note: now_s - note.onset_s for note in near[:1] if note not in found}
    return [*found.values()], n_others


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model")
    parser.add_argument("--window", type=float)
    parser.add_argument("--hop", type=float)
    parser.add_argument("--notes", type=int, default=60)
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--clock", choices=CLOCKS, default="processor")
    arguments = parser.parse_args()
    if arguments.clock != "wall":
        torch.set_num_threads(1)
    timekeeper = CLOCKS[arguments.clock]()
    transcriber = Transcriber(arguments.model, device="cpu", precision=arguments.precision, tuning="off")
    model, listen = transcriber.model, partial(hear, transcriber.model)
    plan = LivePlan.of(model.config, arguments.window, arguments.hop)
    model.fix_embeddings(plan.heard_samples)
    if arguments.hop is None:
        plan = measured(plan, listen, 1, timekeeper)
    samples, notes = struck_keys(arguments.notes)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "struck.wav"
        soundfile.write(path, samples, RATE)
        source = FileSource(path, timekeeper=timekeeper)
        sitting = Sitting(source, listen, plan, model.config.tracks.numbers, print, timekeeper)
        found, n_others = latencies(sitting, timekeeper, notes)
        source.close()
    cores = len(os.sched_getaffinity(0)) if arguments.clock == "wall" else 1
    print(
        f"{transcriber.entry.name}, {cores} core(s), {str(transcriber.precision).removeprefix('torch.')}: window "
        f"{plan.window_s:.2f} s, hop {plan.hop_s:.2f} s"
    )
    print(f"given out {len(found)} of {len(notes)} notes, {n_others} others")
    if found:
        median_s, slow_s = np.quantile(found, [0.5, 0.9])
        print(f"latency: median {1000 * median_s:.0f} ms, 90 % within {1000 * slow_s:.0f} ms")


if __name__ == "__main__":
    main()
