"""Small data sets, made on the fly, as `pianotrans prepare` would have left them."""

from pathlib import Path

import soundfile

from pianotrans.events import Durations
from pianotrans.training.event_table import EventTable
from pianotrans.training.index import Index, Recording, write_index
from tests.synthesis import random_performance, render

RATE = 16_000


def make_index(
    folder: Path, n_train: int = 2, n_validation: int = 1, duration_s: float = 6.0, first_seed: int = 0
) -> Path:
    """The folder, with an index of synthetic recordings in it; a validation's are others than those trained on."""
    folder.mkdir(parents=True, exist_ok=True)
    splits = ["train"] * n_train + ["validation"] * n_validation
    recordings = [make_recording(folder, first_seed + i, split, duration_s) for i, split in enumerate(splits)]
    write_index(folder, Index(folder, "synthetic", Durations.keys, tuple(recordings)))
    return folder


def make_recording(folder: Path, seed: int, split: str, duration_s: float) -> Recording:
    performance = random_performance(seed, duration_s)
    path = folder / f"{seed}.flac"
    samples = render(performance, RATE, seed)
    soundfile.write(path, samples, RATE)
    events = EventTable.of(performance)
    return Recording(f"{seed}", path, RATE, 1, len(samples), split, None, events)
