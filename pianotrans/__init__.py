"""Piano recordings to MIDI: notes, velocities and pedals.

    import pianotrans

    performance = pianotrans.transcribe("song.mp3")
    performance.save("song.mid")

`Transcriber` keeps the model loaded for many recordings. Everything that needs torch is imported when it is
first used, so that importing this package is cheap.
"""

import importlib
from typing import TYPE_CHECKING, Any

from pianotrans.errors import (
    AudioError,
    Cancelled,
    DeviceError,
    MidiError,
    ModelError,
    OutputError,
    PianotransError,
)
from pianotrans.events import Note, Pedal, Performance, extend_by_pedal, load_midi
from pianotrans.version import __version__

if TYPE_CHECKING:
    from pianotrans.inference.transcriber import Progress, Transcriber, transcribe

_FROM_INFERENCE = {"Progress", "Transcriber", "transcribe"}

__all__ = [
    "AudioError",
    "Cancelled",
    "DeviceError",
    "MidiError",
    "ModelError",
    "Note",
    "OutputError",
    "Pedal",
    "Performance",
    "PianotransError",
    "Progress",
    "Transcriber",
    "__version__",
    "extend_by_pedal",
    "load_midi",
    "transcribe",
]


def __getattr__(name: str) -> Any:
    if name in _FROM_INFERENCE:
        return getattr(importlib.import_module("pianotrans.inference.transcriber"), name)
    raise AttributeError(f"module 'pianotrans' has no attribute {name!r}")
