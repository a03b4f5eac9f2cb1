"""An open recording as a stream of blocks of samples, checked on the way."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np

from pianotrans.audio.decoder import BrokenStreamError, Decoder, Gap
from pianotrans.audio.excerpt import Excerpt
from pianotrans.audio.gaps import end_remark, gap_remarks
from pianotrans.audio.reading import Reading
from pianotrans.audio.samples import MAX_CHANNELS, MAX_RATE, MIN_RATE, Block
from pianotrans.errors import AudioError
from pianotrans.memory import decoded
from pianotrans.remarks import Remark

MISSING_S = 0.1  # tolerated: encoders' delays and padding differ by some 50 ms


@dataclass(frozen=True)
class AudioInfo:
    """What is known of a recording before it is decoded."""

    name: str  # as given by the caller
    sample_rate: int  # Hz
    n_channels: int
    duration_s: float | None  # of the part that is read; None: unknown until decoded
    origin_s: float = 0.0  # the time of the first sample, as results give it


class AudioReader:
    """An open recording, made by `open_audio` or `from_array`; a context manager that closes it."""

    def __init__(
        self,
        decoder: Decoder,
        name: str,
        reading: Reading = Reading(),  # noqa: B008 - frozen
        *,
        remarks: Sequence[Remark] = (),
        file: BinaryIO | None = None,
    ) -> None:
        """Take over the decoder and, if given, the file to be closed with it, and what is to be said already.

        Raises AudioError for more than 8 channels or a rate outside 4000–768 000 Hz.
        """
        duration_s = None if decoder.duration_s is None else reading.length_s(decoder.duration_s)
        self.info = AudioInfo(name, decoder.sample_rate, decoder.n_channels, duration_s, reading.origin_s)
        self._decoder = decoder
        self._excerpt = Excerpt(decoder, reading, name)
        self._allow_damaged = reading.allow_damaged
        self._file = file
        self.remarks: list[Remark] = list(remarks)  # complete once all blocks are read
        self._n_samples = 0
        self._started = False
        if not MIN_RATE <= self.info.sample_rate <= MAX_RATE:
            raise AudioError(
                f"{name}: sample rate {self.info.sample_rate} Hz. Resample it to {MIN_RATE}–{MAX_RATE} Hz."
            )
        if not 1 <= self.info.n_channels <= MAX_CHANNELS:
            raise AudioError(f"{name}: {self.info.n_channels} channels. Mix it down to at most {MAX_CHANNELS}.")

    def blocks(self) -> Iterator[Block]:
        """The samples of the part that is read, once, as float32 blocks (n_channels, n_samples) of about 2 s.

        Full scale is 1.0. Memory does not grow with the length of the recording.

        Raises AudioError for samples that are not finite, for a recording without any or that ends before its part
        begins, and, unless damaged ones are allowed, for one that breaks off or is damaged (after the last block
        before that).
        """
        if self._started:
            raise RuntimeError(f"{self.info.name}: the blocks of an AudioReader can be read only once")
        self._started = True
        broken: BrokenStreamError | None = None
        try:
            for block in decoded(self._excerpt.blocks(), self.info.name):
                self._judge_damage()
                self._check_finite(block)
                self._n_samples += block.shape[1]
                yield block
        except BrokenStreamError as error:
            broken = error
        except OSError as error:
            raise AudioError(
                f"{self.info.name}: reading failed ({error.strerror or error}). Try it again."
            ) from error
        breaks_off = broken is not None or self._excerpt.missing_s() > MISSING_S
        if breaks_off and not self._allow_damaged:
            raise self._end_error(broken) from broken
        self._judge_damage()
        if not self._n_samples:
            raise self._excerpt.nothing_error()
        end_s = self._excerpt.end_s
        self.remarks += gap_remarks([gap for gap in self._excerpt.gaps if gap.start_s < end_s or not breaks_off])
        if breaks_off:
            self.remarks.append(end_remark(end_s, self._excerpt.missing_s()))

    def close(self) -> None:
        """Close the decoder and the file, unless the file is the caller's own."""
        self._decoder.close()
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check_finite(self, block: Block) -> None:
        finite = np.isfinite(block)
        if finite.all():
            return
        n_bad = np.count_nonzero(~finite)
        first_s = (self._n_samples + int(np.argmin(finite.all(axis=0)))) / self.info.sample_rate
        raise AudioError(
            f"{self.info.name}: {n_bad} of the {block.size} samples of a block are NaN or infinite, "
            f"the first at {first_s:.3f} s. Re-export it from its source."
        )

    def _judge_damage(self) -> None:
        """Raise AudioError if more sound was lost than is tolerated."""
        lost = [gap for gap in self._excerpt.gaps if gap.is_damage]
        if not self._allow_damaged and sum(gap.end_s - gap.start_s for gap in lost) > MISSING_S:
            worst = max(lost, key=lambda gap: gap.end_s - gap.start_s)
            raise damaged_error(self.info.name, worst)

    def _end_error(self, broken: BrokenStreamError | None) -> AudioError:
        decoded_s = self._excerpt.end_s
        missing_s = self._excerpt.missing_s()
        if missing_s > MISSING_S:
            return truncated_error(self.info.name, decoded_s + missing_s, decoded_s)
        return AudioError(
            f"{self.info.name}: {decoded_s:.1f} s could be decoded, the rest is damaged ({broken}). "
            "Re-export it, or pass --allow-damaged."
        )


def truncated_error(name: str, promised_s: float, decoded_s: float) -> AudioError:
    """The error of a recording that holds less than its header promises; both in seconds."""
    return AudioError(
        f"{name}: header promises {promised_s:.1f} s, {decoded_s:.1f} s could be decoded. "
        "The file looks truncated; re-export it, or pass --allow-damaged."
    )


def damaged_error(name: str, gap: Gap) -> AudioError:
    """The error of a recording that lost sound on the way."""
    lost = "what follows is" if math.isinf(gap.end_s) else f"{gap.end_s - gap.start_s:.1f} s of sound are"
    return AudioError(
        f"{name}: damaged at {gap.start_s:.1f} s, where {lost} lost. Re-export it, or pass --allow-damaged."
    )
