"""What is learnt of a recording while its samples pass by: how long it is, how much of it sounds, its tuning."""

from collections import deque
from collections.abc import Iterator

import numpy as np

from pianotrans.audio import AudioReader, Block
from pianotrans.inference.clock import Clock, no_clock
from pianotrans.inference.solo_piano import KeyLevels
from pianotrans.inference.tuning import Tuning, estimate_tuning
from pianotrans.remarks import Remark

_ENOUGH_S = 60.0  # of sound tell the tuning
_MOST_NUMBERS = 2**24  # held while waiting for them, 64 MB: three minutes of CD
_SPARSEST_S = 20.0  # of sound for a note: no piece has fewer
_SHORTEST_S = 1.0  # less may well hold nothing
_PIECE_S = 0.05
_AUDIBLE = 1e-6  # mean square: -60 dB of full scale


class CountedBlocks:
    """Passes the blocks of a reader on and counts the samples: some lengths are known at the end only.

    `keep_levels` keeps what judging the instrument needs.
    """

    def __init__(self, reader: AudioReader, clock: Clock = no_clock, *, keep_levels: bool = False):
        self.info = reader.info
        self.levels = KeyLevels(self.info.sample_rate) if keep_levels else None
        self.remarks = reader.remarks
        self.is_silent = True  # all that was passed on is zero
        self.detuning_cents = 0.0  # that are corrected, once this is decided
        self.sounding_s = 0.0  # how much of it is louder than -60 dB of full scale
        self._blocks = reader.blocks()
        self._clock = clock
        self._n_samples = 0
        self._held: deque[Block] = deque()

    @property
    def duration_s(self) -> float:
        """Seconds passed on so far."""
        return self._n_samples / self.info.sample_rate

    def __iter__(self) -> Iterator[Block]:
        while self._held:
            yield self._held.popleft()
        while (block := self._next()) is not None:
            yield block

    def tuning(self) -> Tuning:
        """The tuning of the first minute of sound, which is held until the blocks are asked for."""
        n_numbers = 0
        while self.sounding_s < _ENOUGH_S and n_numbers < _MOST_NUMBERS and (block := self._next()) is not None:
            self._held.append(block)
            n_numbers += block.size
        with self._clock("tuning"):
            return estimate_tuning(self._held, self.info.sample_rate)

    def _next(self) -> Block | None:
        with self._clock("decode audio"):
            block = next(self._blocks, None)
            if block is not None and self.levels is not None:
                self.levels.push(block)
        if block is not None:
            self._n_samples += block.shape[1]
            self.is_silent = self.is_silent and not block.any()
            self.sounding_s += _sounding_s(block, self.info.sample_rate)
        return block


def remark_on_finding(n_notes: int, audio: CountedBlocks) -> Iterator[Remark]:
    """Say so where a recording was heard to its end, but next to nothing was found in it."""
    sounding_s = audio.sounding_s
    if audio.duration_s < _SHORTEST_S or (n_notes and n_notes * _SPARSEST_S >= sounding_s):
        return
    values = {"n_notes": n_notes, "sounding_s": round(sounding_s, 1), "duration_s": round(audio.duration_s, 1)}
    if sounding_s == 0:
        quiet = "the recording is silent" if audio.is_silent else "nothing is louder than -60 dB of full scale"
        yield Remark("nothing found", f"no notes found: {quiet}.", values)
        return
    found = {0: "no notes", 1: "only 1 note"}.get(n_notes, f"only {n_notes} notes")
    yield Remark(
        "nothing found",
        f"{found} found in {sounding_s:.0f} s of sound. It may not be a piano, be drowned in noise, or be out of "
        "tune (then give its tuning with --tuning CENTS).",
        values,
    )


def _sounding_s(block: Block, sample_rate: int) -> float:
    """How much of a block is loud enough to be heard, in pieces of 50 ms."""
    starts = np.arange(0, block.shape[1], max(round(_PIECE_S * sample_rate), 1))
    if not starts.size:
        return 0.0
    power = np.add.reduceat(np.mean(np.square(block, dtype=np.float64), axis=0), starts)
    n_samples = np.diff(starts, append=block.shape[1])
    return float(n_samples[power > _AUDIBLE * n_samples].sum()) / sample_rate
