"""Limits on the length of recordings, for servers that accept uploads."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pianotrans.audio import Reading, open_audio
from pianotrans.errors import AudioError, Cancelled
from pianotrans.workers.formats import AudioFile

if TYPE_CHECKING:
    from pianotrans.inference.transcriber import CancelSignal

MARGIN_S = 1.0
"""How far beyond the limit a recording is decoded if it does not state its length."""


def measure_s(source: AudioFile, max_s: float, cancel: "CancelSignal", reading: Reading) -> float:
    """The length of a recording in seconds. If the file does not state it, a little more than `max_s` is decoded.

    Raises AudioError if the recording cannot be read, Cancelled as soon as `cancel` is set.
    """
    with open_audio(source, reading) as reader:
        if reader.info.duration_s is not None:
            return reader.info.duration_s
    with open_audio(source, replace(reading, end_s=max_s + MARGIN_S)) as reader:
        n_samples = 0
        for block in reader.blocks():
            n_samples += block.shape[1]
            if cancel.is_set():
                raise Cancelled(f"{source.name}: cancelled.")
    return n_samples / reader.info.sample_rate


def check_length(source: AudioFile, duration_s: float, max_s: float) -> None:
    """Raise AudioError for a recording that is longer than allowed."""
    if duration_s > max_s:
        name = Path(source.name).name
        raise AudioError(
            f"{name}: {duration_s / 60:.1f} minutes or more; this server accepts at most {max_s / 60:g} minutes. "
            "Cut it, or start the server with a larger --max-minutes."
        )
