"""Random changes of a performance that leave its beats what they are, or move them along."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from pianotrans.score.beats.notes import Array, NoteTable


@dataclass(frozen=True)
class BeatAugmentation:
    """How much a performance is changed."""

    log_tempo: float = 0.15  # standard deviation of the logarithm of the tempo factor
    log_tempo_drift: float = 0.05  # and of one that drifts within the piece
    transposition: int = 6  # semitones at most, up or down
    most_jitter_s: float = 0.012
    most_lost: float = 0.06  # of the notes
    most_added: float = 0.06
    without_pedal: float = 0.3  # probability
    held_by_pedal: float = 0.3  # probability that notes last as long as the pedal holds them
    without_dynamics: float = 0.05


def augment(
    notes: NoteTable, beats_s: Array, settings: BeatAugmentation, random: Generator
) -> tuple[NoteTable, Array]:
    """A changed performance and its beats."""
    notes = _hold_by_pedal(notes, random) if random.random() < settings.held_by_pedal else notes
    notes = _damage(notes, settings, random)
    notes = _transpose(notes, settings, random)
    notes = _change_dynamics(notes, settings, random)
    if random.random() < settings.without_pedal:
        notes = replace(notes, pedals_s=None)
    return _change_tempo(notes, beats_s, settings, random)


def _change_tempo(
    notes: NoteTable, beats_s: Array, settings: BeatAugmentation, random: Generator
) -> tuple[NoteTable, Array]:
    factor = np.exp(np.clip(random.normal(0, settings.log_tempo), -0.45, 0.45))
    end_s = max(notes.offset_s.max(), beats_s[-1]) + 1
    knots_s = np.arange(0, end_s + 3, 3.0)
    drift = np.zeros(len(knots_s))
    for i in range(1, len(knots_s)):
        drift[i] = 0.7 * drift[i - 1] + random.normal(0, settings.log_tempo_drift)
    warped_s = np.concatenate([[0.0], np.cumsum(3.0 * factor * np.exp(drift[1:]))])

    def warp(time_s: Array) -> Array:
        warped: Array = np.interp(time_s, knots_s, warped_s)
        return warped

    pedals_s = None if notes.pedals_s is None else warp(notes.pedals_s)
    onset_s, offset_s = warp(notes.onset_s), warp(notes.offset_s)
    return replace(notes, onset_s=onset_s, offset_s=offset_s, pedals_s=pedals_s), warp(beats_s)


def _transpose(notes: NoteTable, settings: BeatAugmentation, random: Generator) -> NoteTable:
    steps = int(random.integers(-settings.transposition, settings.transposition + 1))
    return replace(notes, key=np.clip(notes.key + steps, 21, 108))


def _change_dynamics(notes: NoteTable, settings: BeatAugmentation, random: Generator) -> NoteTable:
    if random.random() < settings.without_dynamics:
        return replace(notes, velocity=np.full_like(notes.velocity, 64))
    scale, shift = random.uniform(0.7, 1.2), random.uniform(-15, 15)
    noise = random.normal(0, random.uniform(0, 6), len(notes.velocity))
    velocity = 64 + scale * (notes.velocity - 64) + shift + noise
    return replace(notes, velocity=np.clip(velocity, 1, 127).astype(np.int64))


def _hold_by_pedal(notes: NoteTable, random: Generator) -> NoteTable:
    """Let notes end where the pedal is lifted, as some transcriptions do; without pedals, stretch them all."""
    if notes.pedals_s is None:
        return replace(notes, offset_s=notes.onset_s + random.uniform(0.6, 1.6) * (notes.offset_s - notes.onset_s))
    if len(notes.pedals_s) == 0:
        return notes
    i = np.searchsorted(notes.pedals_s[:, 0], notes.offset_s) - 1
    lifted_s = notes.pedals_s[np.maximum(i, 0), 1]
    return replace(notes, offset_s=np.where(i >= 0, np.maximum(notes.offset_s, lifted_s), notes.offset_s))


def _damage(notes: NoteTable, settings: BeatAugmentation, random: Generator) -> NoteTable:
    """Lose, add and shift notes as a transcription does."""
    n = len(notes.key)
    kept = np.flatnonzero(random.random(n) >= random.uniform(0, settings.most_lost))
    added = random.choice(n, int(n * random.uniform(0, settings.most_added)) // 2)
    index = np.concatenate([kept, added])
    is_added = np.arange(len(index)) >= len(kept)
    jitter_s = random.normal(0, random.uniform(0, settings.most_jitter_s), len(index))
    jitter_s += np.where(is_added, random.normal(0, 0.5, len(index)), 0.0)
    onset_s = np.maximum(notes.onset_s[index] + jitter_s, 0.0)
    length = np.maximum(notes.offset_s - notes.onset_s, 0.01)[index]
    length *= np.exp(random.normal(0, random.uniform(0, 0.3), len(index)))
    key = notes.key[index] + np.where(is_added, random.choice([-12, -1, 0, 1, 7, 12, 19], len(index)), 0)
    velocity = np.where(is_added, notes.velocity[index] // 2 + 1, notes.velocity[index])
    order = np.argsort(onset_s, kind="stable")
    return replace(
        notes,
        onset_s=onset_s[order],
        offset_s=(onset_s + length)[order],
        key=np.clip(key, 21, 108)[order],
        velocity=velocity[order],
    )
