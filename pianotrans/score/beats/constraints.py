"""What hints rule out: the same on every lattice that beats and bars are found on."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pianotrans.score.beats.hints import BeatHints
from pianotrans.score.beats.lattice import BarStates, Lattice
from pianotrans.score.beats.notes import Array
from pianotrans.score.beats.periods import LONGEST_S

USUAL_METERS = (2, 3, 4)  # beats in a bar, where nothing is given
_RELUCTANCE = 30.0  # to break a bar where one is given: the others follow from it, unless more are given
SAME_S = 0.07  # a downbeat is given for the nearest moment at most this far off


@dataclass(frozen=True, eq=False)
class Constraints:
    """What follows from hints, where the meters that they give begin at `starts_s`.

    `found_bpm` is the tempo of what was found before, None if there is none or a tempo is given.
    """

    hints: BeatHints
    starts_s: list[float]
    found_bpm: float | None = None

    @cached_property
    def bars(self) -> BarStates:
        """The places in bars that a beat may have."""
        return BarStates(tuple(sorted({meter.n_beats for _, meter in self.hints.meters})) or USUAL_METERS)

    def keep_tempo(self, lattice: Lattice) -> Lattice:
        """Favour the tempo that was found before. It is no evidence, so it must not count for probabilities."""
        if self.found_bpm is None:
            return lattice
        potential = BeatHints(bpm=self.found_bpm).tempo_potential(lattice.pairs_index.log_period)
        return replace(lattice, pairs=lattice.pairs + potential)

    def restrict(self, lattice: Lattice, time_s: Array, *, takes_all: bool, is_first: bool) -> Lattice:
        """Forbid on a lattice over `time_s` (n_moments,) what contradicts the hints, and favour their tempo.

        `takes_all`: every moment is a beat. `is_first`: the piece begins here.
        """
        hints, bars, index = self.hints, self.bars, lattice.pairs_index
        nodes, first = lattice.nodes.copy(), lattice.first_states.copy()
        pairs = lattice.pairs + hints.tempo_potential(index.log_period)
        for (_, meter), start_s, end_s in zip(
            hints.meters, self.starts_s, [*self.starts_s[1:], np.inf], strict=False
        ):
            within = (time_s >= start_s) & (time_s < end_s)
            nodes[np.ix_(within, bars.meter != meter.n_beats)] = -np.inf
        distance_s = np.abs(time_s[:, None] - np.array(hints.downbeats_s)[None])
        forced = distance_s.argmin(axis=0)[distance_s.min(axis=0, initial=np.inf) <= SAME_S]
        nodes[np.ix_(forced, bars.position != 0)] = -np.inf
        pairs = np.where(index.over(forced.tolist()), -np.inf, pairs)
        start = np.where(time_s - time_s[0] <= LONGEST_S, lattice.start, -np.inf)
        end = np.where(time_s[-1] - time_s <= LONGEST_S, lattice.end, -np.inf)
        if takes_all:
            start[1:], end[:-1] = -np.inf, -np.inf
        if len(forced):
            start[forced.min() + 1 :] = -np.inf
            end[: forced.max()] = -np.inf
        if hints.pickup is not None and is_first:
            first[bars.position != (bars.meter - hints.pickup) % bars.meter] = -np.inf
            first[bars.meter <= hints.pickup] = -np.inf
            if takes_all:
                nodes[1 : hints.pickup, bars.position == 0] = -np.inf
                nodes[hints.pickup : hints.pickup + 1, bars.position != 0] = -np.inf
        moves = lattice.transitions
        if takes_all and (hints.downbeats_s or hints.pickup is not None):
            is_broken = (bars.position + 1 < bars.meter)[:, None] & (bars.position == 0)
            moves = moves - _RELUCTANCE * is_broken
        return replace(
            lattice, nodes=nodes, pairs=pairs, transitions=moves, start=start, end=end, first_states=first
        )
