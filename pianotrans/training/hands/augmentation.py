"""Random changes of a performance that leave its hands what they are."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from pianotrans.piano import HIGHEST_KEY, LOWEST_KEY
from pianotrans.score.beats.notes import Integers, NoteTable
from pianotrans.score.hands.hands import LEFT, RIGHT
from pianotrans.training.variations import (
    change_dynamics,
    change_times,
    damage,
    draw_tempo,
    hold_by_pedal,
    transpose,
)


@dataclass(frozen=True)
class HandAugmentation:
    """How much a performance is changed."""

    log_tempo: float = 0.15  # standard deviation of the logarithm of the tempo factor
    log_tempo_drift: float = 0.03  # and of one that drifts within the piece
    transposition: int = 9  # semitones at most, up or down
    most_jitter_s: float = 0.01
    most_lost: float = 0.1  # of the notes
    most_added: float = 0.05
    held_by_pedal: float = 0.3  # probability that notes last as long as the pedal holds them
    without_dynamics: float = 0.1
    one_hand: float = 0.03  # probability that only one of them plays
    moved_hand: float = 0.15  # and that one of them plays an octave higher or lower
    mirrored: float = 0.2  # probability that the keyboard is reflected, and the hands with it


def augment_hands(
    notes: NoteTable, hand: Integers, settings: HandAugmentation, random: Generator
) -> tuple[NoteTable, Integers]:
    """A changed performance and its hands (n_notes,); added notes have none, 0."""
    notes = hold_by_pedal(notes, random) if random.random() < settings.held_by_pedal else notes
    notes, source = damage(notes, settings.most_lost, settings.most_added, settings.most_jitter_s, random)
    notes = transpose(notes, settings.transposition, random)
    notes = change_dynamics(notes, settings.without_dynamics, random)
    end_s = float(notes.offset_s.max(initial=0.0)) + 1
    warp = draw_tempo(end_s, settings.log_tempo, settings.log_tempo_drift, random)
    notes, hand = change_times(notes, warp), np.where(source >= 0, hand[source], 0)
    if random.random() < settings.one_hand:
        notes, hand = _leave_one(notes, hand, random)
    if random.random() < settings.moved_hand:
        notes = _move_one(notes, hand, random)
    return _mirror(notes, hand) if random.random() < settings.mirrored else (notes, hand)


def _leave_one(notes: NoteTable, hand: Integers, random: Generator) -> tuple[NoteTable, Integers]:
    kept = hand == random.choice([LEFT, RIGHT])
    if not kept.any():
        return notes, hand
    onset_s, offset_s, key, velocity = (x[kept] for x in (notes.onset_s, notes.offset_s, notes.key, notes.velocity))
    return NoteTable(onset_s, offset_s, key, velocity, notes.pedals_s), hand[kept]


def _move_one(notes: NoteTable, hand: Integers, random: Generator) -> NoteTable:
    moved = notes.key + np.where(hand == random.choice([LEFT, RIGHT]), random.choice([-12, 12]), 0)
    is_playable = np.all((moved >= LOWEST_KEY) & (moved <= HIGHEST_KEY))
    return replace(notes, key=moved) if is_playable else notes


def _mirror(notes: NoteTable, hand: Integers) -> tuple[NoteTable, Integers]:
    """Low for high and left for right."""
    return replace(notes, key=LOWEST_KEY + HIGHEST_KEY - notes.key), np.where(hand > 0, RIGHT + LEFT - hand, 0)
