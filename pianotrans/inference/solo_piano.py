"""Whether a recording is solo piano, judged by what the network made of it and by how its sounds go on.

On what is no piano the network is in doubt about its onsets, and hears too few or too many. And a struck string
only ever grows softer: bows, breath, pipes and voices hold their sound or swell, and where something sounds that is
not transcribed, levels rise far from any onset. Each piece of 10 s is judged by a logistic rule over a few such
figures. Its weights belong to a model and stand in `models/registry.toml`: a constant, then one for each of
`PieceFigures`. `python -m tests.benchmarks.solo_piano` measures the rule and fits them.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pianotrans.audio import Block
from pianotrans.events import Note, Performance
from pianotrans.remarks import NOT_SOLO_PIANO, Remark

PIECE_S = 10.0
LEAST_SHARE = 0.3  # of a recording that must be foreign before anything is said

FOREIGN_CHANCE = 0.75
"""From here on a piece is foreign: no piece of any piano at hand came above 0.73."""

_WINDOW_S = 0.16
_LOWEST_KEY, _HIGHEST_KEY = 45, 105  # below, semitones lie too close for the window
_STEP_DB, _FLOOR_DB = 0.5, -100.0
_AUDIBLE_DB = -70.0  # of the loudest band

_ATTACK_S = 0.1  # from an onset until the window holds nothing from before it
_LONGEST_S = 0.8  # of a note that is looked at
_MIN_WINDOWS = 4
_FALL_DB_PER_S = 3.0  # what falls more slowly does not fall
_NEAR_S = 0.15  # a rise this close to an onset is the onset's
_RANGE_DB = 20.0  # below the loudest level of a piece; further down, strings that die away beat
_CUT_S = 0.05  # what sounds when a recording begins was struck before, and its onset is in doubt

Levels = NDArray[np.float32]  # (n_windows, n_keys), dB


class KeyLevels:
    """Levels in the band of every key, while the blocks of a recording pass by: 1.6 kB for a second.

    Cost: 3 ms for a second of one channel at 44.1 kHz.
    """

    def __init__(self, sample_rate: int):
        self._n_window = 1 << round(math.log2(_WINDOW_S * sample_rate))
        self._n_hop = self._n_window // 4
        self.step_s = self._n_hop / sample_rate
        self._first_s = self._n_window / 2 / sample_rate  # the middle of the first window
        borders = 440 * 2 ** ((np.arange(_LOWEST_KEY, _HIGHEST_KEY + 2) - 69.5) / 12)
        bins = np.round(borders * self._n_window / sample_rate)
        self._bins = np.minimum(bins, self._n_window // 2 + 1).astype(np.int64)
        self._window = np.hanning(self._n_window).astype(np.float32)
        self._rest: Block | None = None
        self._coded: list[NDArray[np.uint8]] = []  # half decibels above the floor

    def push(self, block: Block) -> None:
        """Take in the next block, (n_channels, n_samples)."""
        samples = block if self._rest is None else np.concatenate([self._rest, block], axis=1)
        n_windows = max((samples.shape[1] - self._n_window) // self._n_hop + 1, 0)
        for i in range(n_windows):
            part = samples[:, i * self._n_hop : i * self._n_hop + self._n_window]
            self._coded.append(self._code(part))
        self._rest = samples[:, n_windows * self._n_hop :].copy()

    def _code(self, part: Block) -> NDArray[np.uint8]:
        spectrum = np.fft.rfft(part * self._window)
        power = np.sum(spectrum.real**2 + spectrum.imag**2, axis=0, dtype=np.float64) / self._n_window**2
        bands = np.diff(np.concatenate([[0.0], np.cumsum(power)])[self._bins])
        level_db = 10 * np.log10(np.maximum(bands, 1e-10))
        return np.clip((level_db - _FLOOR_DB) / _STEP_DB, 0, 255).astype(np.uint8)

    def between(self, begin_s: float, end_s: float) -> tuple[NDArray[np.float64], Levels]:
        """The middles of all windows in a stretch of time, in seconds, and their levels."""
        first, after = (max(math.ceil((time_s - self._first_s) / self.step_s), 0) for time_s in (begin_s, end_s))
        coded = self._coded[first:after]
        middles_s = np.arange(first, first + len(coded), dtype=np.float64) * self.step_s + self._first_s
        table = np.stack(coded) if coded else np.zeros((0, _HIGHEST_KEY - _LOWEST_KEY + 1))
        levels: Levels = table.astype(np.float32) * np.float32(_STEP_DB) + np.float32(_FLOOR_DB)
        return middles_s, levels


@dataclass(frozen=True)
class PieceFigures:
    """What is found in one piece of a recording."""

    log_doubt: float  # of the mean doubt about an onset, notes that were nearly written included
    slope: float  # at which notes rise once they are struck, 10 dB/s
    not_falling: float  # share of notes that do not fall
    unexplained: float  # share of all rises of level that are near no onset
    log_notes: float  # of notes in a second

    @classmethod
    def of(
        cls, performance: Performance, levels: KeyLevels, begin_s: float, shift_keys: int
    ) -> "PieceFigures | None":
        """The figures of the piece from `begin_s` on; None where next to nothing sounds.

        A key of the performance sounds `shift_keys` higher in the levels.
        """
        end_s = begin_s + PIECE_S
        middles_s, level = levels.between(begin_s, end_s)
        if not len(level) or level.max() < _AUDIBLE_DB:
            return None
        notes, near = (
            [note for note in some if max(begin_s, _CUT_S) <= note.onset_s < end_s]
            for some in (performance.notes, performance.candidates)
        )
        doubt = sum(1 - (n.onset_confidence or 0) for n in notes) + sum(n.onset_confidence or 0 for n in near)
        slopes = np.array([*_slopes(notes, levels, shift_keys)])
        # a few notes more that behave like a piano's: where few are long enough, they say little
        return cls(
            log_doubt=math.log(doubt / (len(notes) + 1) + 0.002),
            slope=float(np.median(np.concatenate([slopes.clip(-40, 20), [-20.0] * 3])) / 10),
            not_falling=float(((slopes > -_FALL_DB_PER_S).sum() + 0.5) / (len(slopes) + 5)),
            unexplained=_unexplained(notes, middles_s, level),
            log_notes=math.log(len(notes) / PIECE_S + 0.1),
        )


def _slopes(notes: Sequence[Note], levels: KeyLevels, shift_keys: int) -> Iterator[float]:
    """How fast the level in the band of each note's key rises once it is struck, dB/s; short notes are left out."""
    for note in notes:
        row = note.key + shift_keys - _LOWEST_KEY
        if 0 <= row <= _HIGHEST_KEY - _LOWEST_KEY:
            begin_s, end_s = note.onset_s + _ATTACK_S, min(note.offset_s, note.onset_s + _LONGEST_S)
            middles_s, level = levels.between(begin_s, end_s)
            if len(level) >= _MIN_WINDOWS:
                time_s = middles_s - middles_s.mean()
                yield float(time_s @ level[:, row] / (time_s @ time_s))


def _unexplained(notes: Sequence[Note], middles_s: NDArray[np.float64], level: Levels) -> float:
    if len(level) < 2:
        return 0.0
    rise = np.maximum(np.diff(np.maximum(level, level.max() - _RANGE_DB), axis=0), 0).sum(axis=1)
    onsets_s = np.array([-math.inf, *(note.onset_s for note in notes), math.inf])
    following = np.searchsorted(onsets_s, middles_s[1:])
    distance_s = np.minimum(onsets_s[following] - middles_s[1:], middles_s[1:] - onsets_s[following - 1])
    return float(rise[distance_s > _NEAR_S].sum() / max(rise.sum(), 1e-9))


@dataclass(frozen=True)
class InstrumentJudgement:
    """How much of a recording does not sound like solo piano."""

    foreign_s: float
    sounding_s: float  # of the pieces that sound

    @property
    def share(self) -> float:
        """Of what sounds, 0…1."""
        return self.foreign_s / self.sounding_s if self.sounding_s else 0.0

    @property
    def is_foreign(self) -> bool:
        """Whether this is worth a word."""
        return self.share >= LEAST_SHARE


def judge(
    performance: Performance,
    levels: KeyLevels,
    weights: Sequence[float],
    *,
    origin_s: float = 0.0,
    cents: float = 0.0,
) -> InstrumentJudgement:
    """Judge a recording by its transcription, with confidences, and by its levels, which begin at `origin_s`.

    `weights` are the model's; `cents` is how much sharp the piano was taken to be. Cost: some 20 ms for a minute.
    """
    performance = _moved(performance, -origin_s)
    duration_s = performance.duration_s
    n_pieces = max(round(duration_s / PIECE_S), 1)
    starts_s = np.linspace(0, max(duration_s - PIECE_S, 0), n_pieces)  # all whole: a short one would look sparse
    figures = [PieceFigures.of(performance, levels, float(start_s), round(cents / 100)) for start_s in starts_s]
    chances = [foreign_chance(one, weights) for one in figures if one is not None]
    n_foreign = sum(chance > FOREIGN_CHANCE for chance in chances)
    length_s = duration_s / n_pieces
    return InstrumentJudgement(n_foreign * length_s, len(chances) * length_s)


def foreign_chance(figures: PieceFigures, weights: Sequence[float]) -> float:
    """The probability that a piece is not solo piano."""
    logit = weights[0] + sum(w * x for w, x in zip(weights[1:], astuple(figures), strict=True))
    return 1 / (1 + math.exp(-max(min(logit, 500.0), -500.0)))


def remark_on_instrument(judgement: InstrumentJudgement) -> Iterator[Remark]:
    """Say so where a good part of a recording does not sound like solo piano."""
    if judgement.is_foreign:
        values = {"share": round(judgement.share, 2), "foreign_s": judgement.foreign_s}
        yield Remark(
            NOT_SOLO_PIANO,
            f"{judgement.share:.0%} of the recording does not sound like solo piano. "
            "Voices and other instruments are written as if they were piano notes.",
            values,
        )


def _moved(performance: Performance, by_s: float) -> Performance:
    if not by_s:
        return performance

    def moved(notes: Sequence[Note]) -> tuple[Note, ...]:
        return tuple(
            replace(n, onset_s=max(n.onset_s + by_s, 0.0), offset_s=n.offset_s + by_s, other_offsets=())
            for n in notes
        )

    return Performance(
        moved(performance.notes),
        duration_s=performance.duration_s + by_s,
        candidates=moved(performance.candidates),
    )
