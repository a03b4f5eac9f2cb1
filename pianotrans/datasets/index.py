"""From the records of an index to pairs: paths checked, numbers read, missing files listed."""

import math
import os
from pathlib import Path

from pianotrans.datasets.files import find_file, is_file
from pianotrans.datasets.listing import DatasetListing, Pair, Unmatched
from pianotrans.datasets.naming import excerpt, quoted, stem_name, tidy
from pianotrans.datasets.tables import Record
from pianotrans.errors import DatasetError

_GROUPS = ("group", "piano", "year")


def list_records(layout: str, root: Path, records: list[Record], audio: str, midi: str) -> DatasetListing:
    """The listing of the records whose columns `audio` and `midi` hold paths relative to `root`.

    The columns split, duration (in seconds), name, and group, piano or year are optional. A record of which a
    file does not exist goes to `unmatched`: many copies of data sets are partial. Files that no record names are
    ignored. Raises DatasetError for paths that lead out of `root`, empty cells, durations that are not numbers,
    and names that are not unique.
    """
    pairs, unmatched = [], []
    for record in records:
        pair = _pair(root, record, audio, midi)
        missing = [
            f"{what} {excerpt(path.relative_to(root).as_posix())}"
            for what, path in (("audio", pair.audio), ("MIDI", pair.midi))
            if not is_file(path)
        ]
        if missing:
            problem = f"{' and '.join(missing)} missing"
            unmatched.append(Unmatched(pair.name, problem, pair.split, pair.group))
        else:
            pairs.append(pair)
    return DatasetListing(layout, root, tuple(pairs), tuple(unmatched))


def _pair(root: Path, record: Record, audio: str, midi: str) -> Pair:
    audio_path = _inside(root, record, audio)
    return Pair(
        name=tidy(record.get("name") or "") or stem_name(audio_path.relative_to(root)),
        audio=audio_path,
        midi=_inside(root, record, midi),
        split=record.get("split"),
        group=next((record.get(column) for column in _GROUPS if record.get(column)), None),
        duration_s=_duration_s(record),
    )


def _inside(root: Path, record: Record, column: str) -> Path:
    """The file that a cell names. Raises DatasetError where that is not below `root`."""
    given = record.need(column)
    base = Path(os.path.normpath(root.absolute()))  # links may lead anywhere, as the user made them
    path = Path(os.path.normpath(base / given))
    if base not in path.parents:
        raise DatasetError(
            f"{record.where}: {column} is {quoted(given)}, which is not below {excerpt(root)}. "
            "Give a path relative to that folder, and inside it."
        )
    return find_file(root, path.relative_to(base))


def _duration_s(record: Record) -> float | None:
    given = record.get("duration")
    if given is None:
        return None
    try:
        duration_s = float(given)
    except ValueError:
        duration_s = math.nan
    if not 0 <= duration_s < math.inf:
        raise DatasetError(
            f"{record.where}: duration is {quoted(given)}. It must be a number of seconds, 0 or more, or empty."
        )
    return duration_s
