"""Performances from files: MIDI, or the JSON that this program writes."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from pianotrans.errors import MidiError
from pianotrans.events.midi_reading import load_midi
from pianotrans.events.performance import Performance

MIDI_SUFFIXES = (".mid", ".midi", ".rmi")
PERFORMANCE_SUFFIXES = (*MIDI_SUFFIXES, ".json")
"""In lower case. Only JSON holds confidences."""


def load_performance(path: str | os.PathLike[str], *, say: Callable[[str], None] = lambda _: None) -> Performance:
    """The performance in a file: JSON if its suffix is .json, else MIDI, read as by `load_midi`.

    Raises MidiError if it cannot be read or is something else.
    """
    return load_json(path) if Path(path).suffix.lower() == ".json" else load_midi(path, say=say)


def load_json(path: str | os.PathLike[str]) -> Performance:
    """The performance in a file that `json_text` filled.

    Raises MidiError if it cannot be read or is something else.
    """
    name = Path(path).name
    try:
        data = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise MidiError(f"{name}: cannot be read ({error.strerror or error}). Check the path.") from error
    except ValueError as error:
        raise MidiError(f"{name}: is not JSON. Pass what `transcribe --format json` wrote.") from error
    if not isinstance(data, dict):
        raise MidiError(f"{name}: is not a performance. Pass what `transcribe --format json` wrote.")
    try:
        return Performance.from_dict(data)
    except MidiError as error:
        raise MidiError(f"{name}: {error}") from error
