"""The positions that were found."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pianotrans.score.beats.notes import Array, Integers

Ornament = Literal["trill", "mordent", "inverted mordent", "turn", "tremolo"]


@dataclass(frozen=True, eq=False)
class Positions:
    """For every note of a performance, in its order, where it stands in the score.

    `onset` is counted in beats from the first beat of the bar grid. A grace note (`is_grace`) takes no time of its
    own and stands before the notes at its onset. `leader` is the note that is written in place of this one: itself,
    or for all notes of a trill the first one; `ornament` is what is written above a leader. `is_arpeggiated`: the
    note's chord is broken. `confidence` is the probability of the onset. All have the length n_notes.
    """

    onset: tuple[Fraction, ...]
    is_grace: NDArray[np.bool_]
    leader: Integers
    ornament: tuple[Ornament | None, ...]
    is_arpeggiated: NDArray[np.bool_]
    confidence: Array
