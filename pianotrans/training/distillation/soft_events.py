"""What a model believes of a recording: intervals of frames with probabilities, and how they are stored.

One safetensors file for each recording, some 8 bytes for an interval. Frames are counted from the beginning of the
recording.
"""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pianotrans.errors import DatasetError
from pianotrans.events import FrameGrid, make_folder, write_atomically
from pianotrans.evaluation.datasets import file_of

TEACHER_FOLDER = "teacher"
"""Where they lie, in the folder of an index."""

_FORMAT = {"format": "pianotrans-soft-events", "version": "1"}


@dataclass(frozen=True, eq=False)
class SoftEvents:
    """Intervals of all tracks; all arrays (n,). Only those of some probability are there.

    `is_cut`: the interval goes on behind what was heard at once; nobody knows where it ends.
    """

    grid: FrameGrid
    track: NDArray[np.uint8]
    begin: NDArray[np.int32]
    length: NDArray[np.uint16]  # 0: a singleton
    probability: NDArray[np.float16]
    is_cut: NDArray[np.bool_]

    def __len__(self) -> int:
        """Number of intervals."""
        return len(self.track)

    @property
    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """All but the grid, by name."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "grid"}


def teacher_file(folder: Path, name: str) -> Path:
    """Where the soft events of a recording lie, for the index in `folder`."""
    return folder / TEACHER_FOLDER / file_of(name, ".safetensors")


def write_soft_events(path: Path, events: SoftEvents, source: str) -> None:
    """Write soft events, whole or not at all; `source` tells what they were made from."""
    from safetensors.numpy import save

    grid = {"sample_rate": str(events.grid.sample_rate), "hop_samples": str(events.grid.hop_samples)}
    make_folder(path.parent)
    write_atomically(path, save(events.arrays, {**_FORMAT, **grid, "source": source}), overwrite=True)


def read_soft_events(path: Path) -> SoftEvents:
    """Read soft events. Raises DatasetError where there are none, or damaged ones."""
    about, arrays = _read(path)
    try:
        grid = FrameGrid(int(about["sample_rate"]), int(about["hop_samples"]))
        return SoftEvents(grid, **arrays)
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(f"{path}: damaged ({error}). {_REMEDY}") from error


def source_of_soft_events(path: Path) -> str | None:
    """What the soft events in a file were made from; None where there are none that can be read."""
    try:
        return _read(path)[0].get("source")
    except DatasetError:
        return None


_REMEDY = "Run `pianotrans prepare teacher` on the index."


def _read(path: Path) -> tuple[dict[str, str], dict[str, NDArray[np.generic]]]:
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise DatasetError(f"{path}: no teacher has heard this recording. {_REMEDY}")
    try:
        with safe_open(path, framework="numpy") as content:
            about = content.metadata() or {}
            arrays = {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118 - no mapping
    except (SafetensorError, OSError) as error:
        raise DatasetError(f"{path}: damaged ({error}). {_REMEDY}") from error
    if {name: about.get(name) for name in _FORMAT} != _FORMAT:
        raise DatasetError(f"{path}: of another version. {_REMEDY}")
    return about, arrays
