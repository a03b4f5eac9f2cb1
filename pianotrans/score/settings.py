"""How a score is made, and what the user knows of it."""

from dataclasses import dataclass
from typing import Any

from pianotrans.errors import ScoreError
from pianotrans.score.beats.hints import BeatHints
from pianotrans.score.pitch import KeySignature

SUBDIVISIONS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16)
"""Into how many equal parts a beat can be divided."""


@dataclass(frozen=True)
class ScoreSettings:
    """What is known of a score before it is made; by default nothing.

    `hints` are about beats and bars. `key` holds for the whole piece. `subdivisions` are the only divisions of a
    beat that rhythms may use, None for all. With `swing`, two notes of a beat played long and short are written as
    equal. `split_key` gives all notes below this MIDI number to the left hand. `hands` has the hand of each note,
    1 (right) or 2 (left), None where it is not known; it holds against `split_key`.

    Raises ScoreError for a division that is none, for a split outside 0…127, and for a hand that is none.
    """

    hints: BeatHints = BeatHints()  # noqa: RUF009 - frozen
    key: KeySignature | None = None
    subdivisions: tuple[int, ...] | None = None
    swing: bool = False
    split_key: int | None = None
    hands: tuple[int | None, ...] = ()

    def __post_init__(self) -> None:
        if self.subdivisions is not None:
            wrong = [n for n in self.subdivisions if n not in SUBDIVISIONS]
            if wrong or not self.subdivisions:
                known = ", ".join(map(str, SUBDIVISIONS))
                raise ScoreError(f"subdivisions {self.subdivisions}: divide a beat into {known} parts.")
        if self.split_key is not None and not 0 <= self.split_key <= 127:
            raise ScoreError(f"split_key {self.split_key}: give a MIDI number from 0 to 127.")
        if wrong_hands := set(self.hands) - {None, 1, 2}:
            raise ScoreError(f"hands {wrong_hands}: give 1 (right), 2 (left) or None for each note.")

    def to_dict(self) -> dict[str, Any]:
        """As plain data; equal settings give equal data."""
        return {
            "hints": self.hints.to_dict(),
            "key": None if self.key is None else [self.key.fifths, self.key.mode],
            "subdivisions": None if self.subdivisions is None else list(self.subdivisions),
            "swing": self.swing,
            "split_key": self.split_key,
            **({"hands": list(self.hands)} if self.hands else {}),
        }
