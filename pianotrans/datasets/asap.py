"""(n)ASAP: human performances, annotated beat by beat, as rearranged in one folder.

Foscarin et al., "ASAP: a dataset of aligned scores and performances for piano transcription", ISMIR 2020; Peter et
al., "Automatic Note-Level Score-to-Performance Alignments in the ASAP Dataset", TISMIR 2023. CC BY-NC-SA 4.0.

The folder holds `performances.csv`, `performances/ID.mid` and `beats/ID.txt`. A line of the latter has two times
and a label: `b`, `db` or `bR`, then after commas a time signature and a number of sharps or flats where they
change.
"""

from functools import partial
from pathlib import Path
from typing import cast

import numpy as np

from pianotrans.datasets.beats import (
    AnnotatedPiece,
    BeatAnnotation,
    KeySignatureChange,
    Split,
    TimeSignatureChange,
)
from pianotrans.datasets.tables import Record, check_columns, read_csv, read_text
from pianotrans.errors import DatasetError
from pianotrans.events.midi_reading import load_midi
from pianotrans.names import shown

_SPLITS = ("train", "validation", "test")


def list_asap(root: Path) -> list[AnnotatedPiece]:
    """The performances that `performances.csv` names, in its order.

    Raises DatasetError where the table or the beats of a performance cannot be read.
    """
    path = root / "performances.csv"
    records = read_csv(path)
    check_columns(path, records, "id", "composer", "split", "score")
    return [_piece(root, record) for record in records]


def _piece(root: Path, record: Record) -> AnnotatedPiece:
    name, split = record.need("id"), record.need("split")
    if split not in _SPLITS:
        raise DatasetError(f"{record.where}: the split {split!r} is not one of {', '.join(_SPLITS)}.")
    return AnnotatedPiece(
        name,
        record.need("composer"),
        record.need("score"),
        cast("Split", split),
        read_beats(root / "beats" / f"{name}.txt"),
        partial(load_midi, root / "performances" / f"{name}.mid"),
        knows_pedals=True,
    )


def read_beats(path: Path) -> BeatAnnotation:
    """Read the beats of a performance. Raises DatasetError for a line that is none, or times out of order."""
    times_s, kinds, meters, keys = [], [], [], []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        try:
            start, _, label = line.split("\t")
            time_s = float(start)
            kind, meter, key, *_ = [*label.split(","), "", ""]
            if meter:
                numerator, denominator = map(int, meter.split("/"))
                meters.append(TimeSignatureChange(time_s, numerator, denominator))
            if key:
                keys.append(KeySignatureChange(time_s, int(key)))
        except ValueError as error:
            raise DatasetError(f"{shown(path)}: line {number} is {line!r}; needed: time, time, label.") from error
        times_s.append(time_s)
        kinds.append(kind)
    if np.any(np.diff(times_s) < 0):
        raise DatasetError(f"{shown(path)}: the times are not in order. Sort the lines.")
    is_downbeat, is_certain = np.array(kinds) == "db", np.array(kinds) != "bR"
    return BeatAnnotation(np.array(times_s), is_downbeat, is_certain, tuple(meters), tuple(keys))
