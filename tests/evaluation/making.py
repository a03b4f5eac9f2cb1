"""Performances for these tests: random ones, and ones like a transcription of another."""

import numpy as np

from pianotrans.evaluation.tables import EventTable
from pianotrans.events import Note, Pedal, Performance


def note(onset_s: float, offset_s: float, key: int = 60, velocity: int = 64) -> Note:
    return Note(onset_s, offset_s, key, velocity)


def performance(*events: Note | Pedal) -> Performance:
    return Performance(
        tuple(event for event in events if isinstance(event, Note)),
        tuple(event for event in events if isinstance(event, Pedal)),
        10.0,
    )


def table(*notes: Note) -> EventTable:
    return EventTable.of_notes(performance(*notes))


def crowd(seed: int, n_notes: int, duration_s: float, *, n_keys: int = 4) -> Performance:
    """Notes on a few keys at multiples of 10 ms, so that many could match many, and some pedals."""
    rng = np.random.default_rng(seed)
    onsets_s = rng.integers(0, round(duration_s * 100), n_notes) / 100
    lengths_s = rng.integers(1, 60, n_notes) / 100
    notes = [
        Note(onset_s, onset_s + length_s, int(rng.integers(60, 60 + n_keys)), int(rng.integers(1, 128)))
        for onset_s, length_s in zip(onsets_s, lengths_s, strict=True)
    ]
    ends_s = np.sort(rng.uniform(0, duration_s, 2 * int(rng.integers(1, 6)))).reshape(-1, 2)
    kinds = ("sustain", "soft")
    pedals = [Pedal(a, b, kinds[i % 2]) for i, (a, b) in enumerate(ends_s) if a < b]
    return Performance(tuple(notes), tuple(pedals), duration_s)


def heard(played: Performance, seed: int, *, late_s: float = 0.0, jitter_s: float = 0.02) -> Performance:
    """Like a transcription: some notes missing, some wrong, all a little off, and all of it `late_s` late."""
    rng = np.random.default_rng(seed)
    notes = []
    for one in played.notes:
        if rng.random() < 0.9:
            onset_s = max(0.0, one.onset_s + late_s + rng.normal(0, jitter_s))
            length_s = (one.offset_s - one.onset_s) * rng.uniform(0.7, 1.3)
            key = one.key if rng.random() < 0.95 else one.key + 12
            notes.append(Note(onset_s, onset_s + length_s, key, int(np.clip(one.velocity // 2 + 20, 1, 127))))
    pedals = [Pedal(one.onset_s + late_s, one.offset_s + late_s + 0.01, one.kind) for one in played.pedals]
    return Performance(tuple(notes), tuple(pedals), played.duration_s + late_s)
