"""Random changes of a performance that leave its beats what they are, or move them along."""

from dataclasses import dataclass, replace

from numpy.random import Generator

from pianotrans.score.beats.notes import Array, NoteTable
from pianotrans.training.variations import (
    change_dynamics,
    change_times,
    damage,
    draw_tempo,
    hold_by_pedal,
    transpose,
)


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
    notes = hold_by_pedal(notes, random) if random.random() < settings.held_by_pedal else notes
    notes = damage(notes, settings.most_lost, settings.most_added, settings.most_jitter_s, random).notes
    notes = transpose(notes, settings.transposition, random)
    notes = change_dynamics(notes, settings.without_dynamics, random)
    if random.random() < settings.without_pedal:
        notes = replace(notes, pedals_s=None)
    end_s = max(notes.offset_s.max(), beats_s[-1]) + 1
    warp = draw_tempo(end_s, settings.log_tempo, settings.log_tempo_drift, random)
    return change_times(notes, warp), warp(beats_s)
