"""Scores of recordings that were made worse in steps."""

from dataclasses import dataclass

from pianotrans.evaluation.piece import PieceScores


@dataclass(frozen=True, slots=True)
class RobustnessStep:
    """All recordings, made worse in one way to one degree: `name` is the way's, `level` None if it has none."""

    name: str
    level: float | None
    unit: str
    pieces: tuple[PieceScores, ...]

    @property
    def label(self) -> str:
        """For people: "white 20 dB SNR"."""
        return self.name if self.level is None else f"{self.name} {self.level:g} {self.unit}"
