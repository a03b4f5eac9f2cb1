"""Comparing two transcriptions, and the independent scorer of the shared data."""

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import mir_eval
import numpy as np
from numpy.typing import NDArray

from pianotrans.events import Note, Pedal, Performance

TOLERANCE_S = 0.002

Event = TypeVar("Event")


@dataclass(frozen=True)
class Recording:
    """A recording with its true MIDI and the reference implementation's transcription of it."""

    audio: Path
    truth: Path
    reference: Path


def recordings(shared: Path) -> list[Recording]:
    """The eleven real recordings: six of maestro-mini, five of MAPS."""
    found = [
        Recording(audio, audio.with_suffix(".midi"), shared / "maestro-mini/reference" / f"{audio.stem}.mid")
        for audio in sorted(shared.glob("maestro-mini/2*/*.wav"))
    ]
    found += [
        Recording(audio, audio.with_suffix(".mid"), shared / "maps/reference" / f"{audio.stem}.mid")
        for audio in sorted(shared.glob("maps/ENSTDk*/MUS/*.flac"))
    ]
    return found


def n_same_notes(ours: Sequence[Note], theirs: Sequence[Note]) -> int:
    """Notes with the same key and velocity, onset and offset within 2 ms, matched one to one."""
    return _n_matched(ours, theirs, lambda a, b: (a.key, a.velocity) == (b.key, b.velocity) and _same_times(a, b))


def n_same_pedals(ours: Sequence[Pedal], theirs: Sequence[Pedal]) -> int:
    """Pedals of the same kind, onset and offset within 2 ms, matched one to one."""
    return _n_matched(ours, theirs, lambda a, b: a.kind == b.kind and _same_times(a, b))


def n_alike_onsets(ours: Sequence[Note], theirs: Sequence[Note]) -> int:
    """Notes with the same key and onsets within 10 ms, matched one to one."""
    return _n_matched(ours, theirs, lambda a, b: a.key == b.key and abs(a.onset_s - b.onset_s) <= 0.01)


def onset_f1(truth: Performance, estimate: Performance) -> float:
    """F1 of notes with the same key and onsets within 50 ms, by mir_eval."""
    spans, hertz = zip(*(_spans_and_hertz(one) for one in (truth, estimate)), strict=True)
    if not len(hertz[1]):
        return 0.0
    return mir_eval.transcription.precision_recall_f1_overlap(
        spans[0], hertz[0], spans[1], hertz[1], onset_tolerance=0.05, offset_ratio=None
    )[2]


def _spans_and_hertz(performance: Performance) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    spans = np.array([(note.onset_s, note.offset_s) for note in performance.notes]).reshape(-1, 2)
    return spans, mir_eval.util.midi_to_hz(np.array([note.key for note in performance.notes]))


def scorer(shared: Path) -> ModuleType:
    """`score_midi.py` of the shared data, which uses mir_eval and nothing of this project."""
    spec = importlib.util.spec_from_file_location("score_midi", shared / "score_midi.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def f1_columns(shared: Path, truth: Path, estimate: Path) -> dict[str, float]:
    """Every F1 column of `score_midi.py` for one pair of files."""
    scores = scorer(shared).score(str(truth), str(estimate))
    return {name: values[2] for name, values in scores.items() if not name.startswith("n_")}


def _same_times(a: Note | Pedal, b: Note | Pedal) -> bool:
    return abs(a.onset_s - b.onset_s) <= TOLERANCE_S and abs(a.offset_s - b.offset_s) <= TOLERANCE_S


def _n_matched(ours: Sequence[Event], theirs: Sequence[Event], same: Callable[[Event, Event], bool]) -> int:
    left = list(theirs)
    for event in ours:
        partner = next((other for other in left if same(event, other)), None)
        if partner is not None:
            left.remove(partner)
    return len(theirs) - len(left)
