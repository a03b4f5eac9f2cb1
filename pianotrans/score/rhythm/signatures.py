"""Time signatures: which note a beat is, and whether it is divided in two or in three."""

import math
from fractions import Fraction

import numpy as np

from pianotrans.score.bars import BarGrid
from pianotrans.score.beats.hints import MOST_BEATS, TimeSignature
from pianotrans.score.beats.notes import Array, Integers
from pianotrans.score.rhythm.positions import Positions

_UNDIVIDED, _DUPLE, _TRIPLE = 0, 1, 2

_COMPOUND_SCORES = np.array([-1.8, -3.4, 1.3])
"""Log ratios of how often beats are divided so in compound meters and in others (asap, train and validation)."""

_COMPOUND_PRIOR = math.log(32 / 138)
_CHANGE = 25.0  # nats of evidence that a change between simple and compound meters needs

# By beats in a bar: denominator, how many pieces have it, and mean and width of their tempo in log₂ beats
# a minute and of the share of beats that are divided in four or more (asap, train and validation).
_DENOMINATORS = {
    2: ((4, 20, (6.7, 0.55), (0.65, 0.3)), (2, 9, (6.05, 0.6), (0.65, 0.3))),
    3: ((4, 33, (6.9, 0.8), (0.38, 0.3)), (8, 8, (7.6, 0.6), (0.12, 0.15))),
}


def choose_signatures(
    bars: BarGrid, positions: Positions, given: tuple[tuple[int, TimeSignature], ...] = ()
) -> tuple[TimeSignature, ...]:
    """A time signature for every bar.

    `given` are signatures from a bar's number on; they are taken as they are. Otherwise bars whose beats are mostly
    divided in three are compound (6/8, 9/8, 12/8), and it needs much evidence to change that. The tempo says if
    others are counted in quarters, halves or eighths. A pickup has the signature of the first bar.

    A bar of more beats than a signature can have keeps the one before. A bar of six beats that are not divided in
    three is 6/4, which `TimeSignature` counts as two beats.
    """
    if given:
        return tuple(_given_at(bar.number, given) for bar in bars.bars)
    kinds, is_fine = _divisions(bars.n_beats, positions)
    is_compound = _compound_bars(bars, kinds)
    denominators = _simple_denominators(bars, is_compound, is_fine)
    signatures: list[TimeSignature] = []
    for bar, compound in zip(bars.bars, is_compound, strict=True):
        n = bar.meter_beats
        if n > MOST_BEATS:  # a cadenza goes on under the signature that holds
            signatures.append(signatures[-1] if signatures else TimeSignature(4, 4))
        elif compound and n > 1:
            signatures.append(TimeSignature(3 * n, 8))
        else:
            signatures.append(TimeSignature(n, denominators[n]))
    if len(signatures) > 1 and bars.bars[0].number == 0 and bars.bars[0].meter_beats == bars.bars[1].meter_beats:
        signatures[0] = signatures[1]
    return tuple(signatures)


def beat_length(meter_beats: int, signature: TimeSignature) -> Fraction:
    """Of a beat in quarter notes, where a bar of this signature has `meter_beats`."""
    return Fraction(4 * signature.numerator, signature.denominator * meter_beats)


def _given_at(number: int, given: tuple[tuple[int, TimeSignature], ...]) -> TimeSignature:
    return [signature for bar, signature in given if bar <= max(number, 1)][-1]


def _divisions(n_beats: int, positions: Positions) -> tuple[Integers, Array]:
    """For every beat how it is divided, and whether into four parts or more."""
    has_duple, has_triple, is_fine = (np.zeros(n_beats, dtype=bool) for _ in range(3))
    for onset, is_grace in zip(positions.onset, positions.is_grace.tolist(), strict=True):
        beat, n = onset.numerator // onset.denominator, onset.denominator
        if is_grace or not 0 <= beat < n_beats:
            continue
        has_triple[beat] |= n % 3 == 0
        has_duple[beat] |= n in (2, 4, 8, 16)
        is_fine[beat] |= n in (4, 8, 16)
    kinds = np.where(has_triple, _TRIPLE, np.where(has_duple, _DUPLE, _UNDIVIDED))
    return kinds, is_fine.astype(float)


def _compound_bars(bars: BarGrid, kinds: Integers) -> list[bool]:
    """The most probable sequence of simple and compound bars."""
    scores = [_COMPOUND_SCORES[kinds[bar.first_beat : bar.first_beat + bar.n_beats]].sum() for bar in bars.bars]
    best, turned = np.array([0.0, _COMPOUND_PRIOR]), []
    for score in scores:
        from_other = best[::-1] - _CHANGE
        turned.append(from_other > best)
        best = np.maximum(best, from_other) + np.array([0.0, score])
    state, states = int(best[1] > best[0]), []
    for turns in reversed(turned):
        states.append(state == 1)
        state = 1 - state if turns[state] else state
    return states[::-1]


def _simple_denominators(bars: BarGrid, is_compound: list[bool], is_fine: Array) -> dict[int, int]:
    """The lower number of simple signatures, by beats in a bar; one for the whole piece."""
    period_s = np.diff(bars.beats_s)
    chosen = {bar.meter_beats: 4 for bar in bars.bars}
    for n in set(chosen) & set(_DENOMINATORS):
        beats = [
            beat
            for bar, compound in zip(bars.bars, is_compound, strict=True)
            if bar.meter_beats == n and not compound
            for beat in range(bar.first_beat, bar.first_beat + bar.n_beats)
        ]
        if beats:
            seen = math.log2(60 / float(np.median(period_s[beats]))), float(is_fine[beats].mean())
            chosen[n] = max(_DENOMINATORS[n], key=lambda row: _evidence(row, seen))[0]
    return chosen


def _evidence(row: tuple[int, int, tuple[float, float], tuple[float, float]], seen: tuple[float, float]) -> float:
    _, n_pieces, *normal = row
    return math.log(n_pieces) - sum(
        ((x - mean) / width) ** 2 / 2 + math.log(width) for x, (mean, width) in zip(seen, normal, strict=True)
    )
