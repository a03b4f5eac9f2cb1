"""Performances that files hold already: MIDI, or the JSON that `transcribe` writes."""

import json
import math
from dataclasses import replace
from pathlib import Path

from pianotrans.errors import MidiError
from pianotrans.events import Performance, load_midi

_MIDI, _JSON = {".mid", ".midi"}, {".json"}


def is_performance_file(path: Path) -> bool:
    """Whether a name promises a performance rather than a recording."""
    return path.suffix.lower() in _MIDI | _JSON


def read_performance(path: Path) -> Performance:
    """Read a MIDI file, or JSON, which also knows the confidence of every note.

    Raises MidiError for what cannot be read.
    """
    if path.suffix.lower() in _MIDI:
        return load_midi(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError("it holds no object")
        return Performance.from_dict(content)
    except OSError as error:
        raise MidiError(f"{path}: cannot be read ({error.strerror}). Check the path.") from error
    except ValueError as error:
        raise MidiError(
            f"{path}: is not the JSON of a transcription ({error}). Write it with transcribe --format json."
        ) from error
    except MidiError as error:
        raise MidiError(f"{path}: {error}") from error


def beginning_between(performance: Performance, start_s: float, end_s: float | None) -> Performance:
    """Only the notes that begin in a stretch of time."""
    last_s = math.inf if end_s is None else end_s
    return replace(performance, notes=tuple(note for note in performance.notes if start_s <= note.onset_s < last_s))
