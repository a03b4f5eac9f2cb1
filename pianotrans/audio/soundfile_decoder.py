"""WAV, FLAC, AIFF and their kin, through libsndfile."""

from collections.abc import Iterator

import numpy as np
import soundfile

from pianotrans.audio.decoder import BrokenStreamError, Gap, NotDecodableError, no_samples_error
from pianotrans.audio.plainfile import PlainFile
from pianotrans.audio.samples import BLOCK_S, Block
from pianotrans.errors import AudioError

_FORMAT_NOT_RECOGNISED = 1
_MAX_FRAMES = 2**48  # a FLAC of unknown length claims 2**63 - 1


class SoundFileDecoder:
    """A `Decoder` of everything that libsndfile knows.

    Raises NotDecodableError for a format unknown to libsndfile and for a file of unknown length; AudioError
    for one that is malformed, or claims to hold nothing (as it also may if it was written to a pipe).
    """

    def __init__(self, file: PlainFile, name: str) -> None:
        file.seek(0)
        try:
            self._sound = soundfile.SoundFile(file)
        except soundfile.LibsndfileError as error:
            if error.code == _FORMAT_NOT_RECOGNISED:
                raise NotDecodableError(error.error_string) from error
            raise AudioError(
                f"{name}: {error.error_string.rstrip('.')}. The file looks damaged; re-export it."
            ) from error
        if self._sound.subtype.startswith("MPEG"):  # in a WAV: libsndfile tells nothing of its delay
            self._sound.close()
            raise NotDecodableError("MPEG audio")
        if not 0 < self._sound.frames < _MAX_FRAMES:
            self._sound.close()
            raise NotDecodableError("unknown length") if self._sound.frames else no_samples_error(name)
        self.sample_rate: int = self._sound.samplerate
        self.n_channels: int = self._sound.channels
        self.duration_s: float | None = self._sound.frames / self.sample_rate
        self.gaps: tuple[Gap, ...] = ()
        self._n_read = 0

    def seek(self, start_s: float) -> float:
        """See `Decoder.seek`."""
        try:
            self._n_read = self._sound.seek(min(round(start_s * self.sample_rate), self._sound.frames))
        except soundfile.LibsndfileError:
            self._n_read = self._sound.seek(0)
        return self._n_read / self.sample_rate

    def blocks(self) -> Iterator[Block]:
        """See `Decoder.blocks`."""
        n_block = round(BLOCK_S * self.sample_rate)
        buffer = np.empty((n_block, self.n_channels), np.float32)
        while True:
            broken: soundfile.LibsndfileError | None = None
            try:
                n = len(self._sound.read(out=buffer))
            except soundfile.LibsndfileError as error:
                broken = error
                n = min(
                    max(0, self._sound.tell() - self._n_read), n_block
                )  # what came before the damage is in the buffer
            self._n_read += n
            if n:
                yield np.array(buffer[:n].T, order="C")  # (n_channels, n)
            if broken:
                raise BrokenStreamError(broken.error_string) from broken
            if n < n_block:
                return

    def missing_s(self) -> float:
        """See `Decoder.missing_s`."""
        return float(self._sound.frames - self._n_read) / self.sample_rate

    def close(self) -> None:
        """See `Decoder.close`."""
        self._sound.close()
