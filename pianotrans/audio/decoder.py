"""The interface of every decoder."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from pianotrans.audio.samples import Block
from pianotrans.errors import AudioError


@dataclass(frozen=True)
class Gap:
    """Where a file holds no sound, in seconds of the recording; silence stands there."""

    start_s: float
    end_s: float
    is_damage: bool  # whether sound was lost; if not, the time stamps leave a pause


class Decoder(Protocol):
    """An open recording that turns into samples once. Times count from the beginning of the recording."""

    sample_rate: int  # Hz
    n_channels: int
    duration_s: float | None  # as promised by the header; None: no promise that can be trusted

    @property
    def gaps(self) -> Sequence[Gap]:
        """The gaps in the blocks so far."""
        ...

    def seek(self, start_s: float) -> float:
        """Let the blocks begin at or before a time, if that is quick; called once, before them.

        Returns where they begin, in seconds. Enough is left before the time for exact samples from there on.
        """
        ...

    def blocks(self) -> Iterator[Block]:
        """Blocks of shape (n_channels, n_samples).

        Raises BrokenStreamError after the last block that could be decoded.
        """
        ...

    def missing_s(self) -> float:
        """What the header promised behind the blocks so far, in seconds."""
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
