"""Random variations of a performance: tempo, pitch, dynamics, the pedal, and the faults of a transcription."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from pianotrans.piano import HIGHEST_KEY, LOWEST_KEY
from pianotrans.score.beats.notes import Array, Integers, NoteTable

_KNOT_S = 3.0  # the tempo drifts from one of these points to the next


class Damaged(NamedTuple):
    """A damaged performance: its notes, and which note each of them was, -1 for those that were added."""

    notes: NoteTable
    source: Integers


def draw_tempo(end_s: float, log_tempo: float, log_drift: float, random: Generator) -> Callable[[Array], Array]:
    """Another tempo, as a function from times to times.

    The logarithms of the tempo and of its drift within the piece have these standard deviations.
    """
    factor = np.exp(np.clip(random.normal(0, log_tempo), -0.45, 0.45))
    knots_s = np.arange(0, end_s + _KNOT_S, _KNOT_S)
    drift = np.zeros(len(knots_s))
    for i in range(1, len(knots_s)):
        drift[i] = 0.7 * drift[i - 1] + random.normal(0, log_drift)
    warped_s = np.concatenate([[0.0], np.cumsum(_KNOT_S * factor * np.exp(drift[1:]))])

    def warp(time_s: Array) -> Array:
        warped: Array = np.interp(time_s, knots_s, warped_s)
        return warped

    return warp


def change_times(notes: NoteTable, warp: Callable[[Array], Array]) -> NoteTable:
    """The notes and pedals at other times."""
    pedals_s = None if notes.pedals_s is None else warp(notes.pedals_s)
    return replace(notes, onset_s=warp(notes.onset_s), offset_s=warp(notes.offset_s), pedals_s=pedals_s)


def transpose(notes: NoteTable, most: int, random: Generator) -> NoteTable:
    """Move all notes by the same number of semitones, up or down."""
    steps = int(random.integers(-most, most + 1))
    return replace(notes, key=np.clip(notes.key + steps, LOWEST_KEY, HIGHEST_KEY))


def change_dynamics(notes: NoteTable, without: float, random: Generator) -> NoteTable:
    """Play louder or softer, with more or less contrast; with probability `without` all notes are alike."""
    if random.random() < without:
        return replace(notes, velocity=np.full_like(notes.velocity, 64))
    scale, shift = random.uniform(0.7, 1.2), random.uniform(-15, 15)
    noise = random.normal(0, random.uniform(0, 6), len(notes.velocity))
    velocity = 64 + scale * (notes.velocity - 64) + shift + noise
    return replace(notes, velocity=np.clip(velocity, 1, 127).astype(np.int64))


def hold_by_pedal(notes: NoteTable, random: Generator) -> NoteTable:
    """Let notes end where the pedal is lifted, as some transcriptions do; without pedals, stretch them all."""
    if notes.pedals_s is None:
        return replace(notes, offset_s=notes.onset_s + random.uniform(0.6, 1.6) * (notes.offset_s - notes.onset_s))
    if len(notes.pedals_s) == 0:
        return notes
    i = np.searchsorted(notes.pedals_s[:, 0], notes.offset_s) - 1
    lifted_s = notes.pedals_s[np.maximum(i, 0), 1]
    return replace(notes, offset_s=np.where(i >= 0, np.maximum(notes.offset_s, lifted_s), notes.offset_s))


def damage(
    notes: NoteTable, most_lost: float, most_added: float, most_jitter_s: float, random: Generator
) -> Damaged:
    """Lose, add and shift notes as a transcription does; shares are at most those given."""
    n = len(notes.key)
    kept = np.flatnonzero(random.random(n) >= random.uniform(0, most_lost))
    added = random.choice(n, int(n * random.uniform(0, most_added)) // 2)
    index = np.concatenate([kept, added])
    is_added = np.arange(len(index)) >= len(kept)
    jitter_s = random.normal(0, random.uniform(0, most_jitter_s), len(index))
    jitter_s += np.where(is_added, random.normal(0, 0.5, len(index)), 0.0)
    onset_s = np.maximum(notes.onset_s[index] + jitter_s, 0.0)
    length = np.maximum(notes.offset_s - notes.onset_s, 0.01)[index]
    length *= np.exp(random.normal(0, random.uniform(0, 0.3), len(index)))
    key = notes.key[index] + np.where(is_added, random.choice([-12, -1, 0, 1, 7, 12, 19], len(index)), 0)
    velocity = np.where(is_added, notes.velocity[index] // 2 + 1, notes.velocity[index])
    order = np.argsort(onset_s, kind="stable")
    damaged = replace(
        notes,
        onset_s=onset_s[order],
        offset_s=(onset_s + length)[order],
        key=np.clip(key, LOWEST_KEY, HIGHEST_KEY)[order],
        velocity=velocity[order],
    )
    return Damaged(damaged, np.where(is_added, -1, index)[order])
