"""Performances of which it is known which hand plays each note, or on which staff it is written."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pianotrans.datasets.alignments import match_notes, read_alignment
from pianotrans.datasets.asap import list_asap
from pianotrans.datasets.beats import AnnotatedPiece, Split
from pianotrans.events import Performance


@dataclass(frozen=True, eq=False)
class HandedPerformance:
    """A performance and the hand of each of its notes, in their order.

    `hand` (n_notes,) is 1 for the right hand or the upper staff, 2 for the left hand or the lower staff, and 0
    where that is not known.
    """

    performance: Performance
    hand: NDArray[np.int64]


@dataclass(frozen=True)
class HandedPiece:
    """A piece whose hands are known. `load` reads them with the notes.

    `score` names the composition: performances of one composition share it.
    """

    name: str
    composer: str
    score: str
    split: Split
    load: Callable[[], HandedPerformance]


def list_asap_hands(root: Path) -> list[HandedPiece]:
    """The performances of (n)ASAP that are aligned with a score; their hands are its staves.

    Raises DatasetError where the data set cannot be read; so does `load`.
    """
    found = []
    for piece in list_asap(root):
        alignment = root / "alignment" / f"{piece.name}.tsv.gz"
        if alignment.is_file():
            load = partial(_load_asap, piece, alignment)
            found.append(HandedPiece(piece.name, piece.composer, piece.score, piece.split, load))
    return found


def _load_asap(piece: AnnotatedPiece, alignment: Path) -> HandedPerformance:
    performance = piece.load()
    aligned = match_notes(performance, read_alignment(alignment))
    hand = np.zeros(performance.n_notes, dtype=np.int64)
    for i, note in aligned.items():
        hand[i] = note.staff or 0
    return HandedPerformance(performance, hand)
