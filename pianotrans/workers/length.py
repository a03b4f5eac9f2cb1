"""Limits on the length of recordings, for servers that take whatever they are given."""

from pathlib import Path
from typing import TYPE_CHECKING

from pianotrans.audio import open_audio
from pianotrans.errors import AudioError, Cancelled
from pianotrans.workers.formats import AudioFile

if TYPE_CHECKING:
    from pianotrans.inference.transcriber import CancelSignal

MARGIN_S = 1.0
"""How much more than allowed is decoded of a recording that does not state its length."""


def measure_s(source: AudioFile, max_s: float, cancel: "CancelSignal", *, allow_truncated: bool) -> float:
    """The length of a recording in seconds. If the file does not state it, a little more than `max_s` is decoded.

    Raises AudioError if it cannot be read, Cancelled as soon as `cancel` is set.
    """
    with open_audio(source, allow_truncated=allow_truncated) as reader:
        if reader.info.duration_s is not None:
            return reader.info.duration_s
    with open_audio(source, allow_truncated=allow_truncated, limit_s=max_s + MARGIN_S) as reader:
        n_samples = 0
        for block in reader.blocks():
            n_samples += block.shape[1]
            if cancel.is_set():
                raise Cancelled(f"{source.name}: stopped as asked.")
    return n_samples / reader.info.sample_rate


def check_length(source: AudioFile, duration_s: float, max_s: float) -> None:
    """Raise AudioError for a recording that is longer than allowed."""
    if duration_s > max_s:
        name = Path(source.name).name
        raise AudioError(
            f"{name}: {duration_s / 60:.1f} minutes or more; at most {max_s / 60:g} minutes are accepted here. "
            "Cut it, or start the server with a larger --max-minutes."
        )
