"""Sequenced performances of piano-midi.de, as ACPAS distributes them: notes, hands, beats and bars in one file.

Liu et al., "ACPAS: a dataset of aligned classical piano audio and scores", ISMIR 2021 (late-breaking). The file
`pieces.npz` holds all notes and beats one after the other (see its README). It knows no pedals.
"""

import json
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pianotrans.datasets.beats import AnnotatedPiece, BeatAnnotation, KeySignatureChange, TimeSignatureChange
from pianotrans.errors import DatasetError
from pianotrans.events import Note, Performance
from pianotrans.names import shown

_TICKS_PER_SECOND = 2000
_DURATION_TICKS_PER_SECOND = 500
_SHORTEST_S = 0.002


def list_piano_midi_de(root: Path) -> list[AnnotatedPiece]:
    """The pieces of `pieces.npz`. Raises DatasetError if it cannot be read."""
    path = root / "pieces.npz"
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        metas = json.loads(str(arrays["meta"]))
        return [_piece(arrays, i, meta) for i, meta in enumerate(metas)]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DatasetError(f"{shown(path)}: cannot be read ({error}). Restore it.") from error


def _piece(arrays: dict[str, NDArray[Any]], i: int, meta: dict[str, Any]) -> AnnotatedPiece:
    notes = slice(arrays["off"][i], arrays["off"][i + 1])
    beats = arrays["beats"][arrays["boff"][i] : arrays["boff"][i + 1]]
    meters = [(time_s, *map(int, text.split("/"))) for time_s, text in meta["ts"]]
    annotation = BeatAnnotation(
        beats[:, 0] / _TICKS_PER_SECOND,
        beats[:, 1] == 1,
        np.ones(len(beats), dtype=bool),
        tuple(TimeSignatureChange(*meter) for meter in meters),
        tuple(KeySignatureChange(time_s, fifths) for time_s, fifths in meta["ks"]),
    )
    onsets_s = np.cumsum(arrays["onset_delta"][notes]) / _TICKS_PER_SECOND
    durations_s = np.maximum(arrays["dur"][notes] / _DURATION_TICKS_PER_SECOND, _SHORTEST_S)
    load = partial(_performance, onsets_s, durations_s, arrays["pv"][notes])
    title = f"{meta['composer']}/{meta['title']}"
    return AnnotatedPiece(meta["id"], meta["composer"], title, meta["split"], annotation, load, knows_pedals=False)


def _performance(
    onsets_s: NDArray[np.float64], durations_s: NDArray[np.float64], keys_velocities: NDArray[np.uint8]
) -> Performance:
    notes = [
        Note(onset_s, onset_s + duration_s, key, max(velocity, 1))
        for onset_s, duration_s, (key, velocity) in zip(
            onsets_s.tolist(), durations_s.tolist(), keys_velocities.tolist(), strict=True
        )
    ]
    return Performance(tuple(notes), (), max((note.offset_s for note in notes), default=0.0))
