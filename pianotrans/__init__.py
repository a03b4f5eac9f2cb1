"""Piano recordings to MIDI: notes, velocities and pedals.

    import pianotrans

    performance = pianotrans.transcribe("song.mp3")
    performance.save("song.mid")
    score = pianotrans.score(performance, title="Song")

    pianotrans.transcribe_folder("recordings", "transcriptions")
    pianotrans.evaluate("truth.mid", "song.mid").summary()
    pianotrans.evaluate_dataset("maestro-v3.0.0", split="test")

`Transcriber` keeps the model loaded for many recordings. Importing this package costs next to
nothing: all but the errors is imported when it is first used.
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
    ScoreError,
    UsageError,
)
from pianotrans.version import __version__

if TYPE_CHECKING:
    from pianotrans.audio import Reading
    from pianotrans.batch.collection import transcribe_folder
    from pianotrans.batch.evaluation import evaluate_dataset
    from pianotrans.evaluation.scoring import evaluate
    from pianotrans.events import Note, Pedal, Performance, extend_by_pedal, load_midi, load_performance
    from pianotrans.inference.transcriber import Progress, Transcriber, transcribe
    from pianotrans.score.beats.hints import BeatHints, TimeSignature
    from pianotrans.score.making import make_score as score
    from pianotrans.score.score import Score
    from pianotrans.score.settings import ScoreSettings

_MODULES = {
    "Note": "pianotrans.events",
    "Pedal": "pianotrans.events",
    "Performance": "pianotrans.events",
    "Progress": "pianotrans.inference.transcriber",
    "Reading": "pianotrans.audio",
    "Transcriber": "pianotrans.inference.transcriber",
    "evaluate": "pianotrans.evaluation.scoring",
    "evaluate_dataset": "pianotrans.batch.evaluation",
    "extend_by_pedal": "pianotrans.events",
    "load_midi": "pianotrans.events",
    "load_performance": "pianotrans.events",
    "BeatHints": "pianotrans.score.beats.hints",
    "Score": "pianotrans.score.score",
    "ScoreSettings": "pianotrans.score.settings",
    "TimeSignature": "pianotrans.score.beats.hints",
    "transcribe": "pianotrans.inference.transcriber",
    "transcribe_folder": "pianotrans.batch.collection",
}
"""Where names stand that are imported when they are first used."""

__all__ = [
    "AudioError",
    "BeatHints",
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
    "Reading",
    "Score",
    "ScoreError",
    "ScoreSettings",
    "TimeSignature",
    "Transcriber",
    "UsageError",
    "__version__",
    "evaluate",
    "evaluate_dataset",
    "extend_by_pedal",
    "load_midi",
    "load_performance",
    "score",
    "transcribe",
    "transcribe_folder",
]


def __getattr__(name: str) -> Any:
    if name == "score":
        return importlib.import_module("pianotrans.score")
    if name in _MODULES:
        return getattr(importlib.import_module(_MODULES[name]), name)
    raise AttributeError(f"module 'pianotrans' has no attribute {name!r}")
