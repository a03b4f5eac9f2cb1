"""The interface of every decoder."""

from collections.abc import Iterator
from typing import Protocol

from pianotrans.audio.samples import Block
from pianotrans.errors import AudioError


class Decoder(Protocol):
    """An open recording that turns into samples once, from its beginning to its end."""

    sample_rate: int  # Hz
    n_channels: int
    duration_s: float | None  # as promised by the header; None: no promise that can be trusted

    def blocks(self) -> Iterator[Block]:
        """Blocks of shape (n_channels, n_samples).

        Raises BrokenStreamError after the last block that could be decoded, AudioError if the format changes.
        """
        ...

    def missing_s(self) -> float:
        """What the header promised and the blocks so far did not bring, in seconds."""
        ...

    def close(self) -> None:
        """Release the decoder; the file belongs to the reader."""
        ...


class NotDecodableError(Exception):
    """The decoder does not know this format; another one may."""


class BrokenStreamError(Exception):
    """The decoder met damaged data; the text is the decoder's own."""


def no_samples_error(name: str) -> AudioError:
    """The error of a recording that can be read but has no content."""
    return AudioError(f"{name}: holds no samples. Give a recording with at least one.")
