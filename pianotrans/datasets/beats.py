"""Performances whose beats, bars, meters and keys are known."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pianotrans.events import Performance

Split = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class TimeSignatureChange:
    """From `time_s` on there are `numerator` notes of 1/`denominator` in a bar."""

    time_s: float
    numerator: int
    denominator: int

    @property
    def n_beats(self) -> int:
        """Beats in a bar: a compound meter (6, 9, 12 …) counts one for three of its notes; so 6/8 has 2, 3/8 3."""
        compound = self.numerator > 3 and self.numerator % 3 == 0
        return self.numerator // 3 if compound else self.numerator


@dataclass(frozen=True)
class KeySignatureChange:
    """From `time_s` on there are `fifths` sharps, or minus as many flats."""

    time_s: float
    fifths: int


@dataclass(frozen=True, eq=False)
class BeatAnnotation:
    """The beats of a performance, in order of time: `times_s` and `is_downbeat`, both (n_beats,).

    `is_certain` is False for beats in rests or where no time signature holds.
    """

    times_s: NDArray[np.float64]
    is_downbeat: NDArray[np.bool_]
    is_certain: NDArray[np.bool_]
    time_signatures: tuple[TimeSignatureChange, ...] = ()
    key_signatures: tuple[KeySignatureChange, ...] = ()

    @property
    def downbeats_s(self) -> NDArray[np.float64]:
        """The times at which bars begin, (n_bars,)."""
        return self.times_s[self.is_downbeat]


@dataclass(frozen=True)
class AnnotatedPiece:
    """A performance with its beats. `load` reads the notes and pedals.

    `score` names the composition in the edition that is played: performances of one composition share it.
    `knows_pedals` is False where the data set holds no pedals at all.
    """

    name: str
    composer: str
    score: str
    split: Split
    beats: BeatAnnotation
    load: Callable[[], Performance]
    knows_pedals: bool
