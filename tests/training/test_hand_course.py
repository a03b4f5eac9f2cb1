"""What a hand network learns from: sampling, augmentation and the course of the rate."""

import numpy as np
import pytest

from pianotrans.errors import TrainingError
from pianotrans.score.beats.notes import NoteTable
from pianotrans.score.hands.hands import LEFT, RIGHT
from pianotrans.training.hands.augmentation import HandAugmentation, augment_hands
from pianotrans.training.hands.course import HandCourse
from pianotrans.training.hands.examples import HandSource, collate_hands, cut_hand_source, make_hand_example
from pianotrans.training.hands.sampling import HandSampler

COURSE = HandCourse(steps=6, warm_up_steps=1, notes_per_step=160, cut=40)


def piece(name: str, n_chords: int, *, pedals: bool) -> HandSource:
    """A melody of the right hand over octaves of the left, which climb into its register."""
    onset_s = np.repeat(np.arange(n_chords) * 0.4, 3)
    low = 40 + np.arange(n_chords) % 24
    key = np.stack([low, low + 12, low + 19], axis=1).ravel()
    pedals_s = np.array([[0.0, 0.9], [1.0, 2.0]]) if pedals else None
    notes = NoteTable(onset_s, onset_s + 0.3, key, np.full(len(key), 64), pedals_s)
    return HandSource(name, name, notes, np.tile([LEFT, LEFT, RIGHT], n_chords))


SOURCES = [piece("a", 20, pedals=True), piece("b", 60, pedals=False)]


def sampler(course: HandCourse = COURSE) -> HandSampler:
    return HandSampler(
        SOURCES, course.augmentation, notes_per_step=course.notes_per_step, cut=course.cut, seed=course.seed
    )


@pytest.mark.parametrize("seed", range(5))
def test_hands_stay_with_their_notes(seed: int):
    """In these pieces the upper note of a chord is the right hand's."""
    settings = HandAugmentation(most_lost=0, most_jitter_s=0, one_hand=0, mirrored=0)
    notes, hand = augment_hands(SOURCES[0].notes, SOURCES[0].hand, settings, np.random.default_rng(seed))
    known = hand > 0
    assert known.sum() == 60
    np.testing.assert_array_equal(hand[known], SOURCES[0].hand)
    assert np.all(np.diff(notes.onset_s) >= 0)


def test_the_mirror_swaps_hands_and_ends_of_the_keyboard():
    settings = HandAugmentation(
        most_lost=0, most_added=0, most_jitter_s=0, transposition=0, one_hand=0, moved_hand=0, mirrored=1
    )
    notes, hand = augment_hands(SOURCES[0].notes, SOURCES[0].hand, settings, np.random.default_rng(0))
    np.testing.assert_array_equal(notes.key, 129 - SOURCES[0].notes.key)
    np.testing.assert_array_equal(hand, 3 - SOURCES[0].hand)


@pytest.mark.parametrize("seed", range(4))
def test_one_hand_alone_or_an_octave_away(seed: int):
    random = np.random.default_rng(seed)
    still = {"most_lost": 0, "most_added": 0, "most_jitter_s": 0, "transposition": 0, "mirrored": 0}
    notes, hand = augment_hands(
        SOURCES[0].notes, SOURCES[0].hand, HandAugmentation(**still, one_hand=1, moved_hand=0), random
    )
    assert len(set(hand.tolist())) == 1
    assert len(notes.key) == np.sum(SOURCES[0].hand == hand[0])
    notes, hand = augment_hands(
        SOURCES[0].notes, SOURCES[0].hand, HandAugmentation(**still, one_hand=0, moved_hand=1), random
    )
    moved = notes.key - SOURCES[0].notes.key
    assert {len(set(moved[hand == side].tolist())) for side in (LEFT, RIGHT)} == {1}
    assert sorted(set(np.abs(moved).tolist())) == [0, 12]


def test_a_part_begins_at_zero():
    part = cut_hand_source(SOURCES[0], 6, 12)
    np.testing.assert_allclose(part.notes.onset_s, [0, 0, 0, 0.4, 0.4, 0.4])
    np.testing.assert_allclose(part.notes.pedals_s, [[0, 0.1], [0.2, 1.2]])
    assert part.hand.tolist() == [LEFT, LEFT, RIGHT] * 2


def test_a_batch_is_padded_with_unknown_hands():
    random = np.random.default_rng(0)
    parts = [cut_hand_source(SOURCES[0], 0, n) for n in (3, 6)]
    batch = collate_hands([make_hand_example(part, None, random) for part in parts])
    assert batch.hand.tolist() == [[LEFT, LEFT, RIGHT, 0, 0, 0], [LEFT, LEFT, RIGHT] * 2]
    assert batch.is_there.sum(dim=1).tolist() == [3, 6]


def test_batches_depend_on_seed_and_step_alone():
    one, other, later = sampler().batch(3), sampler().batch(3), sampler().batch(4)
    assert one.features.equal(other.features)
    assert one.hand.equal(other.hand)
    assert one.identities == other.identities
    assert not one.features[:, :20].equal(later.features[:, :20])
    assert len(one.identities) == len(one.features) == 4
    assert set(one.identities) <= {"a", "b"}
    with pytest.raises(TrainingError, match="no pieces"):
        HandSampler([], HandAugmentation(), notes_per_step=1, cut=1, seed=0)


def test_the_rate_rises_and_falls():
    course = HandCourse(steps=100, warm_up_steps=10, fall=0.5)
    rates = [course.rate_of(step) for step in range(100)]
    assert rates[0] < rates[9] == rates[40] == course.rate
    assert rates[-1] == pytest.approx(course.rate / 50)
