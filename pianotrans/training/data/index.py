"""The index of what was prepared for training: where each recording lies, and all that was played in it.

One safetensors file: the events of all recordings in four arrays, and a table of the recordings as JSON in its
metadata. Reading it runs no code and needs no library beyond those that are here anyway.
"""

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from pianotrans.errors import DatasetError
from pianotrans.events import Durations
from pianotrans.files import write_atomically
from pianotrans.training.data.event_arrays import EventArrays

FILE_NAME = "index.safetensors"
CACHE_FOLDER = "audio"
SPLITS = ("train", "validation", "test")

_FORMAT = {"format": "pianotrans-index", "version": "1"}


@dataclass(frozen=True, eq=False)
class Recording:
    """A recording that can be read by seeking, and what was played in it.

    `name` is unique in its index. `is_cached`: `audio` is a copy in the index's own folder. `source` tells the
    files that it was made from and how, so that a later run knows whether that has changed; `remarks` what the
    checks found odd.
    """

    name: str
    audio: Path
    sample_rate: int  # Hz
    n_channels: int
    n_samples: int
    split: str
    group: str | None
    events: EventArrays
    is_cached: bool = False
    source: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def tells_pedals(self) -> bool:
        """Whether the pedals are known: where none is ever touched, most probably nobody wrote them down."""
        return bool((self.events.number < 0).any())

    @property
    def duration_s(self) -> float:
        """Seconds of sound."""
        return self.n_samples / self.sample_rate


@dataclass(frozen=True, eq=False)
class Index:
    """The recordings that were prepared, in order of the data set; `root` is where its files lie."""

    root: Path
    layout: str
    durations: Durations
    recordings: tuple[Recording, ...]

    def of_split(self, split: str) -> tuple[Recording, ...]:
        """The recordings of one split. Raises DatasetError where there are none."""
        chosen = tuple(one for one in self.recordings if one.split == split)
        if not chosen:
            known = sorted({one.split for one in self.recordings})
            raise DatasetError(f"{self.root}: no recordings of split {split!r}. There are {', '.join(known)}.")
        return chosen


def write_index(path: Path, index: Index, folder: Path | None = None) -> None:
    """Write an index atomically; replace one that exists.

    `folder` is what holds the copies of recordings, if not the folder that `path` lies in.
    Raises OutputError if it cannot be written.
    """
    from safetensors.numpy import save

    events = EventArrays.joined([one.events for one in index.recordings])
    about = {
        **_FORMAT,
        "root": str(index.root.absolute()),
        "layout": index.layout,
        "durations": str(index.durations),
        "recordings": json.dumps([_row(one, index.root, folder or path.parent) for one in index.recordings]),
    }
    arrays = {f.name: getattr(events, f.name) for f in fields(events)}
    write_atomically(path, save(arrays, about), overwrite=True)


def read_index(path: Path, folder: Path | None = None) -> Index:
    """Read an index, given as the file or as the folder that it lies in; `folder` as in `write_index`.

    Raises DatasetError where there is none, where it is damaged or of another version.
    """
    from safetensors import SafetensorError, safe_open

    file = path / FILE_NAME if path.is_dir() else path
    if not file.is_file():
        raise DatasetError(f"{file}: there is no such index. Make it with `pianotrans prepare`.")
    try:
        with safe_open(file, framework="numpy") as content:
            about = content.metadata() or {}
            arrays = {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118 - no mapping
    except (SafetensorError, OSError) as error:
        raise DatasetError(f"{file}: is no index, or a damaged one ({error}). Prepare it anew.") from error
    given = {name: about.get(name) for name in _FORMAT}
    if given != _FORMAT:
        raise DatasetError(f"{file}: format and version are {given}, not {_FORMAT}. Prepare it anew.")
    try:
        return _index(folder or file.parent, about, EventArrays(**arrays))
    except Exception as error:  # the table may hold anything
        raise DatasetError(f"{file}: a damaged index ({error}). Prepare it anew.") from error


def _row(recording: Recording, root: Path, folder: Path) -> dict[str, Any]:
    """A recording without its events, its path below the cache or the root of the data set."""
    row = {f.name: getattr(recording, f.name) for f in fields(recording) if f.name != "events"}
    base = folder / CACHE_FOLDER if recording.is_cached else root
    audio = recording.audio.absolute().relative_to(base.absolute()).as_posix()
    return row | {"audio": audio, "n_events": len(recording.events)}


def _index(folder: Path, about: dict[str, str], events: EventArrays) -> Index:
    root = Path(about["root"])
    rows = json.loads(about["recordings"])
    for row in rows:
        _check(row)
    ends = np.cumsum([row["n_events"] for row in rows], dtype=np.int64)
    if len(events) != (ends[-1] if len(ends) else 0):
        raise ValueError(f"{len(events)} events where the table counts {ends[-1] if len(ends) else 0}")
    recordings = []
    for row, end in zip(rows, ends, strict=True):
        part = events.part(int(end) - row.pop("n_events"), int(end))
        base = folder / CACHE_FOLDER if row["is_cached"] else root
        row |= {"audio": base / row["audio"], "remarks": tuple(row["remarks"])}
        recordings.append(Recording(**row, events=part))
    return Index(root, about["layout"], Durations(about["durations"]), tuple(recordings))


def _check(row: dict[str, Any]) -> None:
    """Raise ValueError for values of another type, or out of range, in a row of the table."""
    for name in ("name", "split", "audio"):
        if not isinstance(row[name], str):
            raise ValueError(f"{name} is {row[name]!r}")
    for name, least in (("sample_rate", 1), ("n_channels", 1), ("n_samples", 0), ("n_events", 0)):
        if type(row[name]) is not int or row[name] < least:
            raise ValueError(f"{name} is {row[name]!r}")
