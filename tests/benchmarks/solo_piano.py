"""How often the warning about other instruments is right, and the weights of its rule.

usage: python -m tests.benchmarks.solo_piano CLIPS [--keep FOLDER] [--kept] [--every N] [--fit]

CLIPS is what `data/make_other_sounds.py` writes. Besides, the piano recordings of the shared data are judged: the
eleven real and sampled ones whole, and 16 s of every Nth of the others. Each is transcribed once, and judged whole
and in pieces of 10 s, one every 5 s. A line for each kind says how many of them were called foreign. With --keep
the transcriptions stay in FOLDER and are taken from there the next time; --kept takes no others. --fit prints the
weights of a logistic rule, learnt from the clips of the split `fit` and from every second recording of a piano.
"""

import argparse
import csv
import os
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.optimize import minimize

from pianotrans import Performance, Transcriber
from pianotrans.events import load_json
from pianotrans.inference.registry import default_model, find_model
from pianotrans.inference.solo_piano import FOREIGN_CHANCE, PIECE_S, KeyLevels, PieceFigures, foreign_chance, judge
from tests.agreement import recordings
from tests.conftest import REPOSITORY

STEP_S = 5.0
EXCERPT_S = (30.0, 16.0)  # of the sampled pianos of MAPS: begin, length
PENALTY = 0.02  # on the squares of weights for figures of unit variance


@dataclass(frozen=True)
class Clip:
    """A recording, and whether it is solo piano."""

    path: Path
    kind: str
    is_piano: bool
    is_for_fit: bool
    excerpt_s: tuple[float, float] | None = None


@dataclass(frozen=True)
class Judged:
    """What was found of a clip."""

    clip: Clip
    figures: list[PieceFigures]
    share: float  # of the whole that is foreign
    is_foreign: bool


def clips(shared: Path, made: Path, every: int) -> Iterator[Clip]:
    """All material."""
    for i, recording in enumerate(recordings(shared)):
        is_maps = "maps" in recording.audio.parts
        yield Clip(recording.audio, "MAPS, real piano" if is_maps else "sampled piano", True, i % 2 == 0)
    for i, path in enumerate(sorted((shared / "maps" / "train").glob("*.opus"))[::every]):
        yield Clip(path, "MAPS, sampled pianos (Opus)", True, i % 2 == 0, EXCERPT_S)
    with (made / "clips.csv").open(newline="", encoding="utf-8") as table:
        for row in csv.DictReader(table):
            yield Clip(made / row["path"], row["kind"], row["label"] == "1", row["split"] == "fit")


def samples_of(clip: Clip) -> tuple[NDArray[np.float32], int]:
    """The sound (channels, n), and its rate."""
    sound, rate = soundfile.read(clip.path, dtype="float32", always_2d=True)
    if clip.excerpt_s is not None:
        begin_s, length_s = clip.excerpt_s
        begin = min(int(begin_s * rate), max(len(sound) - int(length_s * rate), 0))
        sound = sound[begin : begin + int(length_s * rate)]
    return np.ascontiguousarray(sound.T), rate


def judged(clip: Clip, performance: Performance) -> Judged:
    """Judge a clip whole and in pieces."""
    sound, rate = samples_of(clip)
    levels = KeyLevels(rate)
    levels.push(sound)
    duration_s = sound.shape[1] / rate
    starts_s = np.arange(0, max(duration_s - PIECE_S, 0) + 0.5, STEP_S)
    figures = [PieceFigures.of(performance, levels, float(start_s), 0) for start_s in starts_s]
    whole = judge(performance, levels, weights())
    return Judged(clip, [one for one in figures if one is not None], whole.share, whole.is_foreign)


def fit(found: list[Judged]) -> NDArray[np.float64]:
    """Weights of a penalised logistic rule; pianos and all else count the same."""
    rows = [
        (astuple(one), not each.clip.is_piano) for each in found if each.clip.is_for_fit for one in each.figures
    ]
    x, y = np.array([row for row, _ in rows]), np.array([label for _, label in rows])
    mean, spread = x.mean(axis=0), x.std(axis=0)
    design = np.column_stack([np.ones(len(x)), (x - mean) / spread])
    balance = np.where(y, 0.5 / y.sum(), 0.5 / (~y).sum())

    def loss(weights: NDArray[np.float64]) -> float:
        logit = design @ weights
        return float(balance @ np.logaddexp(0, np.where(y, -logit, logit)) + PENALTY * np.sum(weights[1:] ** 2))

    weights = minimize(loss, np.zeros(design.shape[1])).x
    slopes = weights[1:] / spread
    return np.concatenate([[weights[0] - slopes @ mean], slopes])


def weights() -> tuple[float, ...]:
    """Those of the default model."""
    return find_model(default_model()).solo_piano or ()


def table_of(found: list[Judged]) -> Table:
    """A line for each kind."""
    table = Table(box=None)
    for heading in ("kind", "pieces", "foreign", "recordings", "warned of", "held out", "warned of"):
        table.add_column(heading, justify="left" if heading == "kind" else "right", no_wrap=True)
    for kind in sorted({one.clip.kind for one in found}):
        some = [one for one in found if one.clip.kind == kind]
        chances = [foreign_chance(one, weights()) for each in some for one in each.figures]
        held_out = [one for one in some if not one.clip.is_for_fit]
        counts = (
            len(chances),
            sum(c > FOREIGN_CHANCE for c in chances),
            len(some),
            sum(one.is_foreign for one in some),
        )
        table.add_row(kind, *map(str, counts), str(len(held_out)), str(sum(one.is_foreign for one in held_out)))
    return table


def main() -> None:
    """Print the table, or the weights."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", type=Path)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--kept", action="store_true")
    parser.add_argument("--every", type=int, default=3)
    parser.add_argument("--fit", action="store_true")
    given = parser.parse_args()
    shared = Path(os.environ.get("PIANOTRANS_SHARED", REPOSITORY.parent / "shared"))
    transcriber: Transcriber | None = None
    found = []
    for clip in clips(shared, given.clips, given.every):
        kept = None if given.keep is None else given.keep / f"{clip.path.stem}.json"
        if kept is not None and kept.exists():
            performance = load_json(kept)
        elif given.kept:
            continue
        else:
            transcriber = transcriber or Transcriber(tuning="off")
            performance = transcriber.transcribe(*samples_of(clip))
            if kept is not None:
                kept.parent.mkdir(parents=True, exist_ok=True)
                performance.save(kept)
        found.append(judged(clip, performance))
    if given.fit:
        print(", ".join(f"{weight:.2f}" for weight in fit(found)))
        return
    Console(width=120).print(table_of(found))


if __name__ == "__main__":
    main()
