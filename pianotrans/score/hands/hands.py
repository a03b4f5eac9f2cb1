"""The hands that were found."""

from dataclasses import dataclass

from pianotrans.score.beats.notes import Array, Integers

RIGHT, LEFT = 1, 2
"""Hands, and the staves that they are written on: 1 is the upper one."""


@dataclass(frozen=True, eq=False)
class Hands:
    """For every note of a performance, in its order: `hand` (n_notes,) is RIGHT or LEFT.

    `confidence` (n_notes,) is the probability of that hand; 1 where the user gave it.
    """

    hand: Integers
    confidence: Array
