"""Sequenced performances of piano-midi.de, as ACPAS distributes them: notes, hands, beats and bars in one file.

Liu et al., "ACPAS: a dataset of aligned classical piano audio and scores", ISMIR 2021 (late-breaking). The file
`pieces.npz` holds all notes and beats one after the other (see its README). It knows no pedals.
"""

import json
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from pianotrans.datasets.beats import AnnotatedPiece, BeatAnnotation, KeySignatureChange, TimeSignatureChange
from pianotrans.datasets.hands import HandedPerformance, HandedPiece
from pianotrans.errors import DatasetError
from pianotrans.events import Note, Performance
from pianotrans.names import shown

_TICKS_PER_SECOND = 2000
_DURATION_TICKS_PER_SECOND = 500
_SHORTEST_S = 0.002

_Arrays = dict[str, NDArray[Any]]
_Piece = TypeVar("_Piece")


def list_piano_midi_de(root: Path) -> list[AnnotatedPiece]:
    """The pieces of `pieces.npz`, with their beats. Raises DatasetError if it cannot be read."""
    return _list(root, _annotated_piece)


def list_piano_midi_de_hands(root: Path) -> list[HandedPiece]:
    """The pieces of `pieces.npz`, with their hands. Raises DatasetError if it cannot be read."""
    return _list(root, _handed_piece)


def _list(root: Path, make: Callable[[_Arrays, int, dict[str, Any]], _Piece]) -> list[_Piece]:
    path = root / "pieces.npz"
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        metas = json.loads(str(arrays["meta"]))
        return [make(arrays, i, meta) for i, meta in enumerate(metas)]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DatasetError(f"{shown(path)}: cannot be read ({error}). Restore it.") from error


def _annotated_piece(arrays: _Arrays, i: int, meta: dict[str, Any]) -> AnnotatedPiece:
    beats = arrays["beats"][arrays["boff"][i] : arrays["boff"][i + 1]]
    meters = [(time_s, *map(int, text.split("/"))) for time_s, text in meta["ts"]]
    annotation = BeatAnnotation(
        beats[:, 0] / _TICKS_PER_SECOND,
        beats[:, 1] == 1,
        np.ones(len(beats), dtype=bool),
        tuple(TimeSignatureChange(*meter) for meter in meters),
        tuple(KeySignatureChange(time_s, fifths) for time_s, fifths in meta["ks"]),
    )
    load = partial(_performance, _notes(arrays, i))
    return AnnotatedPiece(
        meta["id"], meta["composer"], _title(meta), meta["split"], annotation, load, knows_pedals=False
    )


def _handed_piece(arrays: _Arrays, i: int, meta: dict[str, Any]) -> HandedPiece:
    hand = arrays["staff"][arrays["off"][i] : arrays["off"][i + 1]]
    load = partial(_handed_performance, _notes(arrays, i), hand)
    return HandedPiece(meta["id"], meta["composer"], _title(meta), meta["split"], load)


def _title(meta: dict[str, Any]) -> str:
    return f"{meta['composer']}/{meta['title']}"


def _notes(arrays: _Arrays, i: int) -> NDArray[np.float64]:
    """Onset, offset, key and velocity of the notes of a piece, (n_notes, 4)."""
    part = slice(arrays["off"][i], arrays["off"][i + 1])
    onsets_s = np.cumsum(arrays["onset_delta"][part]) / _TICKS_PER_SECOND
    durations_s = np.maximum(arrays["dur"][part] / _DURATION_TICKS_PER_SECOND, _SHORTEST_S)
    key, velocity = arrays["pv"][part].astype(float).T
    return np.stack([onsets_s, onsets_s + durations_s, key, np.maximum(velocity, 1)], axis=1)


def _performance(notes: NDArray[np.float64]) -> Performance:
    played = tuple(
        Note(onset_s, offset_s, int(key), int(velocity)) for onset_s, offset_s, key, velocity in notes.tolist()
    )
    return Performance(played, (), max((note.offset_s for note in played), default=0.0))


def _handed_performance(notes: NDArray[np.float64], hand: NDArray[np.int8]) -> HandedPerformance:
    onset_s, offset_s, key, velocity = notes.T
    order = np.lexsort((velocity, offset_s, key, onset_s))  # as a performance has its notes
    return HandedPerformance(_performance(notes), hand[order].astype(np.int64))
