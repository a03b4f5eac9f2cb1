"""What was played in a recording: MIDI, or a text file of MAPS."""

import os
from collections.abc import Callable
from pathlib import Path

from pianotrans.datasets.files import MAPS_TEXT_SUFFIX
from pianotrans.datasets.naming import excerpt, quoted
from pianotrans.datasets.tables import read_text
from pianotrans.errors import DatasetError, MidiError
from pianotrans.events import Note, Performance, load_midi

UNKNOWN_VELOCITY = 64
"""The velocity of every note from a text file of MAPS, which states none."""

_COLUMNS = ["OnsetTime", "OffsetTime", "MidiPitch"]


def load_reference(path: Path, *, say: Callable[[str], None] = lambda _: None) -> Performance:
    """What was played. Where `knows_velocity(path)` is false, every velocity is `UNKNOWN_VELOCITY`.

    `say` gets one line about a MIDI file in which something was wrong.
    Raises MidiError or DatasetError if the file cannot be read.
    """
    return load_midi(path, say=say) if knows_velocity(path) else load_maps_text(path)


def knows_velocity(path: Path) -> bool:
    """Whether a reference states velocities (and pedals); if not, they do not belong in scores."""
    return path.suffix.lower() != MAPS_TEXT_SUFFIX


def load_maps_text(path: str | os.PathLike[str]) -> Performance:
    """Read a text file of MAPS: the line `OnsetTime OffsetTime MidiPitch`, then these of one note a line.

    Times are in seconds. All velocities are `UNKNOWN_VELOCITY`; there are no pedals. Notes of no length are
    dropped, as by `load_midi`. `duration_s` is the last offset.
    Raises DatasetError for anything else.
    """
    path = Path(path)
    lines = [line.split() for line in read_text(path).splitlines()]
    if not lines or lines[0] != _COLUMNS:
        raise DatasetError(
            f"{excerpt(path)}: does not begin with the line {' '.join(_COLUMNS)}. Give a text file of MAPS."
        )
    notes = [
        note
        for number, cells in enumerate(lines[1:], 2)
        if cells and (note := _note(f"{excerpt(path)}, line {number}", cells))
    ]
    return Performance(tuple(notes), duration_s=max((note.offset_s for note in notes), default=0.0))


def _note(where: str, cells: list[str]) -> Note | None:
    """The note of one line; None where it has no length."""
    try:
        onset_s, offset_s, key = cells
        if float(onset_s) == float(offset_s) >= 0:
            return None
        return Note(float(onset_s), float(offset_s), int(key), UNKNOWN_VELOCITY)
    except (ValueError, MidiError) as error:
        reason = f" ({error})" if isinstance(error, MidiError) else ""
        raise DatasetError(
            f"{where}: {quoted(' '.join(cells))} is not an onset, an offset and a key{reason}. Copy the file again."
        ) from error
