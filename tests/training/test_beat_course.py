"""What a beat network learns from: targets, sampling, augmentation and the course of the rate."""

import numpy as np
import pytest

from pianotrans.errors import TrainingError
from pianotrans.score.beats.notes import NoteTable
from pianotrans.training.beats.augmentation import BeatAugmentation, augment
from pianotrans.training.beats.course import BeatCourse
from pianotrans.training.beats.examples import BeatSource, collate, make_example
from pianotrans.training.beats.sampling import BeatSampler

COURSE = BeatCourse(steps=6, warm_up_steps=1, moments_per_step=200, cuts=(60, 100))


def piece(n_beats: int, n_in_bar: int, *, pedals: bool = True) -> BeatSource:
    """Quavers with a bass on the beats and a chord on downbeats."""
    beats_s = np.arange(n_beats) * 0.6
    onset_s = np.concatenate([np.arange(2 * n_beats) * 0.3, beats_s, beats_s[::n_in_bar]])
    kinds = [np.full(2 * n_beats, 72), np.full(n_beats, 48), np.full(len(beats_s[::n_in_bar]), 36)]
    order = np.argsort(onset_s, kind="stable")
    notes = NoteTable(
        onset_s[order],
        onset_s[order] + 0.25,
        np.concatenate(kinds)[order],
        np.full(len(order), 64),
        np.array([[0.0, 0.5]]) if pedals else None,
    )
    return BeatSource(f"{n_beats}", f"{n_beats}", "Nobody", notes, beats_s, np.arange(n_beats) % n_in_bar == 0)


SOURCES = [piece(20, 3), piece(30, 4, pedals=False), piece(120, 2)]


def sampler(course: BeatCourse = COURSE) -> BeatSampler:
    return BeatSampler(
        SOURCES,
        course.augmentation,
        moments_per_step=course.moments_per_step,
        cuts=course.cuts,
        seed=course.seed,
    )


def test_targets_are_what_the_piece_says():
    batch = collate([make_example(SOURCES[0], None, np.random.default_rng(0))])
    assert batch.beat[0].tolist() == [1.0, 0.0] * 20
    assert batch.downbeat[0].tolist() == [1.0, *[0.0] * 5] * 6 + [1.0, 0.0, 0.0, 0.0]
    assert batch.beat_position[0, ::2].tolist() == [0, 1, 2] * 6 + [0, 1]
    assert batch.beat_meter[0, ::2].tolist() == [3] * 18 + [-1, -1]
    assert batch.meter[0, :36].tolist() == [2] * 36
    assert batch.phase[0, 1].argmax() == 6


def test_what_a_composition_has_more_of_is_not_drawn_more():
    batch = sampler().batch(3)
    assert batch.features.shape[:2] == batch.time_s.shape
    assert batch.is_there.sum() >= 100
    assert len(batch.identities) == len(batch.features)
    assert set(batch.identities) <= {source.name for source in SOURCES}
    with pytest.raises(TrainingError, match="no pieces"):
        BeatSampler([], BeatAugmentation(), moments_per_step=1, cuts=(1,), seed=0)


@pytest.mark.parametrize("seed", range(5))
def test_augmentation_moves_beats_with_their_notes(seed: int):
    settings = BeatAugmentation(most_jitter_s=0, most_lost=0, most_added=0)
    notes, beats_s = augment(SOURCES[0].notes, SOURCES[0].beats_s, settings, np.random.default_rng(seed))
    assert np.all(np.diff(beats_s) > 0)
    distance_s = np.abs(notes.onset_s[None] - beats_s[:, None]).min(axis=1)
    assert distance_s.max() < 1e-6
    assert np.all(np.diff(notes.onset_s) >= 0)


def test_the_rate_rises_and_falls():
    course = BeatCourse(steps=100, warm_up_steps=10, fall=0.5)
    rates = [course.rate_of(step) for step in range(100)]
    assert rates[0] < rates[9] == rates[40] == course.rate
    assert rates[-1] == pytest.approx(course.rate / 50)


def test_when_the_likelihood_teaches():
    """Now and then at first, when it only teaches the lattice; always from a point of the run on."""
    course = BeatCourse(steps=10, likelihood_from=0.7, potentials_every=4)
    assert [step for step in range(10) if course.takes_likelihood(step)] == [0, 4, 7, 8, 9]
    assert [step for step in range(10) if course.teaches_network(step)] == [7, 8, 9]
