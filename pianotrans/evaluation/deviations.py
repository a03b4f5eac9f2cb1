"""How far matched notes are off, and which notes are found: by register and by loudness."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pianotrans.evaluation.tables import EventTable, Floats, Pairs

REGISTERS = {"below C3": range(48), "C3 to B4": range(48, 72), "C5 and above": range(72, 128)}
"""MIDI keys. The outer two include keys beyond a piano's A0 and C8."""

LOUDNESS = {
    "velocity 1-31": range(1, 32),
    "velocity 32-63": range(32, 64),
    "velocity 64-95": range(64, 96),
    "velocity 96-127": range(96, 128),
}
"""The reference's MIDI velocities."""


@dataclass(frozen=True, slots=True, eq=False)
class MatchedNotes:
    """All notes of a piece, or of many, and the deviations of those whose onsets match.

    The first three arrays have one element for each note of the reference, `estimate_keys` one for each of the
    estimate; the deviations, estimate minus reference, one for each matched note in the reference's order.
    Velocities that are not known are NaN, and so are their deviations.
    """

    keys: NDArray[np.int64]
    velocities: Floats
    is_matched: NDArray[np.bool_]
    estimate_keys: NDArray[np.int64]
    onset_deviations_s: Floats
    offset_deviations_s: Floats
    velocity_deviations: Floats

    @classmethod
    def of_pairs(cls, reference: EventTable, estimate: EventTable, pairs: Pairs) -> Self:
        """The deviations of matched notes; `pairs` are in the order of the reference."""
        ref, est = reference.rows(pairs[:, 0]), estimate.rows(pairs[:, 1])
        is_matched = np.zeros(len(reference), dtype=np.bool_)
        is_matched[pairs[:, 0]] = True
        return cls(
            keys=reference.keys,
            velocities=reference.velocities,
            is_matched=is_matched,
            estimate_keys=estimate.keys,
            onset_deviations_s=est.onsets_s - ref.onsets_s,
            offset_deviations_s=est.offsets_s - ref.offsets_s,
            velocity_deviations=est.velocities - ref.velocities,
        )

    def without_velocities(self) -> Self:
        """The same notes with unknown velocities."""
        return replace(
            self,
            velocities=np.full_like(self.velocities, np.nan),
            velocity_deviations=np.full_like(self.velocity_deviations, np.nan),
        )

    @classmethod
    def pooled(cls, pieces: Sequence["MatchedNotes"]) -> Self:
        """The notes of several pieces (at least one) together."""
        return cls(*(np.concatenate([getattr(one, item.name) for one in pieces]) for item in fields(cls)))


@dataclass(frozen=True, slots=True)
class Spread:
    """Signed deviations: the median, the quartiles, and what 95 % of the absolute ones do not exceed."""

    median: float
    lower_quartile: float
    upper_quartile: float
    absolute_95: float

    @classmethod
    def of(cls, deviations: Floats) -> Self | None:
        """The spread of the deviations that are known (not NaN); None if there are none."""
        deviations = deviations[~np.isnan(deviations)]
        if not len(deviations):
            return None
        lower, median, upper = np.quantile(deviations, [0.25, 0.5, 0.75])
        return cls(float(median), float(lower), float(upper), float(np.quantile(np.abs(deviations), 0.95)))


@dataclass(frozen=True, slots=True)
class Band:
    """The notes of one register or loudness: how many there are, how many are found (by onset), how far off.

    `n_estimate` is None for a loudness: an estimate's velocities have a scale of their own, so there is only
    recall. Deviations are None where nothing was matched.
    """

    name: str
    n_reference: int
    n_matched: int
    n_estimate: int | None
    onset_s: Spread | None
    offset_s: Spread | None
    velocity: Spread | None

    @property
    def recall(self) -> float | None:
        """None where the reference has no such notes."""
        return self.n_matched / self.n_reference if self.n_reference else None

    @property
    def f1(self) -> float | None:
        """None where the reference has no such notes, and for a loudness."""
        if self.n_estimate is None or not self.n_reference:
            return None
        return 2 * self.n_matched / (self.n_reference + self.n_estimate)


def bands(notes: MatchedNotes) -> tuple[Band, ...]:
    """All notes, then every register, then every loudness."""
    everything = _band("all notes", notes, np.ones(len(notes.keys), dtype=np.bool_), len(notes.estimate_keys))
    registers = [
        _band(name, notes, _within(notes.keys, keys), int(_within(notes.estimate_keys, keys).sum()))
        for name, keys in REGISTERS.items()
    ]
    loudness = [
        _band(name, notes, _within(notes.velocities, velocities), None) for name, velocities in LOUDNESS.items()
    ]
    return (everything, *registers, *loudness)


def _within(values: NDArray[np.int64] | Floats, band: range) -> NDArray[np.bool_]:
    return np.asarray((values >= band.start) & (values < band.stop))


def _band(name: str, notes: MatchedNotes, chosen: NDArray[np.bool_], n_estimate: int | None) -> Band:
    matched = chosen[notes.is_matched]
    return Band(
        name=name,
        n_reference=int(chosen.sum()),
        n_matched=int(matched.sum()),
        n_estimate=n_estimate,
        onset_s=Spread.of(notes.onset_deviations_s[matched]),
        offset_s=Spread.of(notes.offset_deviations_s[matched]),
        velocity=Spread.of(notes.velocity_deviations[matched]),
    )
