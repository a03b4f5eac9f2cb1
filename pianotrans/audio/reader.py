"""An open recording as a stream of blocks of samples, checked on the way."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np

from pianotrans.audio.decoder import BrokenStreamError, Decoder, no_samples_error
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
    duration_s: float | None  # None: unknown until decoded


class AudioReader:
    """An open recording, made by `open_audio` or `from_array`; a context manager that closes it."""

    def __init__(
        self, decoder: Decoder, name: str, *, allow_damaged: bool = False, file: BinaryIO | None = None
    ) -> None:
        """Take over the decoder and, if given, the file to be closed with it.

        Raises AudioError for more than 8 channels or a rate outside 4000–192 000 Hz.
        """
        self.info = AudioInfo(name, decoder.sample_rate, decoder.n_channels, decoder.duration_s)
        self._decoder = decoder
        self._allow_damaged = allow_damaged
        self._file = file
        self.remarks: list[Remark] = []  # complete once all blocks are read
        self._n_samples = 0
        self._started = False
        if not MIN_RATE <= self.info.sample_rate <= MAX_RATE:
            raise AudioError(
                f"{name}: sample rate {self.info.sample_rate} Hz. Resample it to {MIN_RATE}–{MAX_RATE} Hz."
            )
        if not 1 <= self.info.n_channels <= MAX_CHANNELS:
            raise AudioError(f"{name}: {self.info.n_channels} channels. Mix it down to at most {MAX_CHANNELS}.")

    def blocks(self) -> Iterator[Block]:
        """The samples from beginning to end, once, as float32 blocks (n_channels, n_samples) of about 2 s.

        Full scale is 1.0. Memory does not grow with the length of the recording.

        Raises AudioError for samples that are not finite, for a recording without any, and, unless truncated
        ones are allowed, for one that breaks off or is damaged (after the last block that could be decoded).
        """
        if self._started:
            raise RuntimeError(f"{self.info.name}: the blocks of an AudioReader can be read only once")
        self._started = True
        broken: BrokenStreamError | None = None
        try:
            for block in decoded(self._decoder.blocks(), self.info.name):
                self._check_finite(block)
                self._n_samples += block.shape[1]
                yield block
        except BrokenStreamError as error:
            broken = error
        except OSError as error:
            raise AudioError(
                f"{self.info.name}: reading failed ({error.strerror or error}). Try it again."
            ) from error
        if broken or self._decoder.missing_s() > MISSING_S:
            self._refuse_truncated(broken)
        if not self._n_samples:
            raise no_samples_error(self.info.name)

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

    def _refuse_truncated(self, broken: BrokenStreamError | None) -> None:
        if self._allow_damaged:
            return
        decoded_s = self._n_samples / self.info.sample_rate
        missing_s = self._decoder.missing_s()
        if missing_s > MISSING_S:
            raise truncated_error(self.info.name, decoded_s + missing_s, decoded_s) from broken
        raise AudioError(
            f"{self.info.name}: {decoded_s:.1f} s could be decoded, the rest is damaged ({broken}). "
            "Re-export it, or pass --allow-damaged."
        ) from broken


def truncated_error(name: str, promised_s: float, decoded_s: float) -> AudioError:
    """The error of a recording that holds less than its header promises; both in seconds."""
    return AudioError(
        f"{name}: header promises {promised_s:.1f} s, {decoded_s:.1f} s could be decoded. "
        "The file looks truncated; re-export it, or pass --allow-damaged."
    )
