"""A short run on made-up pieces: it learns, repeats itself exactly, and goes on where it stopped."""

from pathlib import Path

import numpy as np
import pytest
import torch

from pianotrans.errors import TrainingError
from pianotrans.score.beats.notes import NoteTable
from pianotrans.score.hands.finding import HandFinder
from pianotrans.score.hands.hands import LEFT, RIGHT
from pianotrans.score.hands.network import HandNetworkConfig
from pianotrans.training.hands.augmentation import HandAugmentation, augment_hands
from pianotrans.training.hands.course import HandCourse, HandRun
from pianotrans.training.hands.examples import HandSource, collate_hands, cut_hand_source, make_hand_example
from pianotrans.training.hands.sampling import HandSampler

SMALL = HandNetworkConfig(width=16, n_heads=2, n_blocks=1, reach=8)
COURSE = HandCourse(steps=6, warm_up_steps=1, notes_per_step=160, cut=40, network=SMALL)


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
    one, other = sampler().batch(3), sampler().batch(3)
    assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
    assert not torch.equal(one.features[:, :20], sampler().batch(4).features[:, :20])
    with pytest.raises(TrainingError, match="no pieces"):
        HandSampler([], HandAugmentation(), notes_per_step=1, cut=1, seed=0)


def test_the_same_seed_gives_the_same_weights_and_a_run_goes_on(tmp_path: Path):
    whole, halved = HandRun(COURSE), HandRun(COURSE)
    for _ in range(6):
        whole.take_step(sampler())
    for _ in range(3):
        halved.take_step(sampler())
    halved.save(tmp_path / "run.pt")
    resumed = HandRun(COURSE)
    resumed.restore(tmp_path / "run.pt")
    for _ in range(3):
        resumed.take_step(sampler())
    for name, tensor in whole.averaged_model().state_dict().items():
        torch.testing.assert_close(resumed.averaged_model().state_dict()[name], tensor, rtol=0, atol=0)


def test_a_short_run_learns_what_no_split_can_tell():
    course = HandCourse(steps=60, warm_up_steps=5, notes_per_step=320, cut=80, average_decay=0.5, network=SMALL)
    run, batches = HandRun(course), sampler(course)
    run.know_features(batches)
    losses = [run.take_step(batches)["hands"] for _ in range(course.steps)]
    assert losses[-1] < losses[0] / 3
    found = HandFinder(run.averaged_model()).find_in(SOURCES[1].notes)
    assert np.mean(found.hand == SOURCES[1].hand) > 0.95
    split = np.where(SOURCES[1].notes.key >= 60, RIGHT, LEFT)
    assert np.mean(split == SOURCES[1].hand) < 0.8
