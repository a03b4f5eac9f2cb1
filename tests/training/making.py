"""Small data sets, made on the fly, as `pianotrans prepare` would have left them."""

from pathlib import Path
from typing import Any

import soundfile

from pianotrans.events import Durations
from pianotrans.training.data.event_arrays import EventArrays
from pianotrans.training.data.index import FILE_NAME, Index, Recording, write_index
from pianotrans.training.runs.checkpoints import Checkpoint
from pianotrans.training.runs.distributed import make_fabric
from pianotrans.training.runs.loop import Loop
from pianotrans.training.runs.run_folder import TrainingRecipe
from pianotrans.training.runs.start import Request, make_loop
from tests.synthesis import random_performance, render

RATE = 16_000


def make_index(
    folder: Path, n_train: int = 2, n_validation: int = 1, duration_s: float = 6.0, first_seed: int = 0
) -> Path:
    """The folder, with an index of synthetic recordings in it; a validation's are others than those trained on."""
    folder.mkdir(parents=True, exist_ok=True)
    splits = ["train"] * n_train + ["validation"] * n_validation
    recordings = [make_recording(folder, first_seed + i, split, duration_s) for i, split in enumerate(splits)]
    write_index(folder / FILE_NAME, Index(folder, "synthetic", Durations.keys, tuple(recordings)))
    return folder


def make_recording(folder: Path, seed: int, split: str, duration_s: float) -> Recording:
    performance = random_performance(seed, duration_s)
    path = folder / f"{seed}.flac"
    samples = render(performance, RATE, seed)
    soundfile.write(path, samples, RATE)
    events = EventArrays.of(performance)
    return Recording(f"{seed}", path, RATE, 1, len(samples), split, None, events)


QUICK = (
    "steps=6",
    "clips_per_step=2",
    "save_every_steps=2",
    "workers=0",
    "chunks.length_s=0.5",
    "chunks.hop_s=0.5",
    "chunks.augmentation.room=0",
    "validation.every_steps=0",
)
"""A run of the tiny model that takes no time."""


def request(data: Path, out: Path, *changes: str, resume: bool = False, initial: str | None = None) -> Request:
    return Request(TrainingRecipe.read("tiny", (*QUICK, *changes)), (data,), out, resume, initial)


def loop(data: Path, out: Path, *changes: str, **options: Any) -> Loop:
    """A loop that is ready to run, with these changes to QUICK."""
    asked = {name: options.pop(name) for name in ("resume", "initial") if name in options}
    return make_loop(request(data, out, *changes, **asked), make_fabric("cpu"), **options)


def contents(checkpoint: Checkpoint) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in checkpoint.folder.iterdir()}
