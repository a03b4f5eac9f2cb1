"""The loss of the hand network, its calibration and validation."""

import numpy as np
import pytest
import torch

from pianotrans.score.beats.notes import NoteTable
from pianotrans.score.hands.finding import HandFinder, HandModel
from pianotrans.score.hands.network import HandNetworkConfig
from pianotrans.training.hands.calibration import calibrate, fit_temperature
from pianotrans.training.hands.examples import HandSource
from pianotrans.training.hands.objective import hand_loss
from pianotrans.training.hands.validation import SHARE, TEMPERATURE, validate_hands

SMALL = HandNetworkConfig(width=16, n_heads=2, n_blocks=1, reach=8)


def test_every_known_note_counts():
    right = torch.tensor([[0.3, -1.0, 5.0], [2.0, 1.0, 0.0]], dtype=torch.float64, requires_grad=True)
    loss = hand_loss(right, torch.tensor([[1, 2, 0], [2, 0, 0]]))
    probability = 1 / (1 + np.exp([-0.3, 1.0, -2.0]))
    nats = -np.log([probability[0], 1 - probability[1], 1 - probability[2]])
    assert loss.item() == pytest.approx(nats.mean())
    loss.backward()
    assert right.grad is not None
    assert (right.grad != 0).tolist() == [[True, True, False], [True, False, False]]


def test_unknown_hands_teach_nothing():
    assert hand_loss(torch.ones(1, 3), torch.zeros(1, 3, dtype=torch.int64)).item() == 0


def test_calibration_finds_the_scale_of_the_logits():
    """Hands are drawn with the probabilities of a model; one three times as sure is brought back to them."""
    torch.manual_seed(0)
    model = HandModel(SMALL).eval().requires_grad_(False)
    random = np.random.default_rng(0)
    onset_s, key = np.arange(4000) * 0.2, random.integers(30, 100, 4000)
    notes = NoteTable(onset_s, onset_s + 0.2, key, np.full(4000, 64), None)
    model.network.leave.weight.mul_(4)
    true = HandFinder(model).predict(notes)
    hand = np.where(random.random(4000) < torch.sigmoid(true).numpy(), 1, 2)
    model.network.leave.weight.mul_(3)
    model.network.leave.bias.mul_(3)
    temperature = fit_temperature([(HandFinder(model).predict(notes), torch.from_numpy(hand))])
    assert temperature == pytest.approx(3, rel=0.15)
    model.load_state_dict(calibrate(model.state_dict(), temperature))
    torch.testing.assert_close(HandFinder(model).predict(notes), true * 3 / temperature)


def test_validation_counts_known_notes_of_the_first_seconds():
    model = HandModel(SMALL).eval().requires_grad_(False)
    onset_s = np.arange(40) * 0.5
    notes = NoteTable(onset_s, onset_s + 0.4, 60 + np.arange(40) % 7, np.full(40, 64), None)
    hand = HandFinder(model).find_in(notes).hand.copy()
    hand[:4], hand[10:12] = 0, 3 - hand[10:12]  # two of sixteen known ones are wrong within the first 10 s
    hand[20:] = 3 - hand[20:]
    unknown = HandSource("b", "b", notes, np.zeros(40, dtype=np.int64))
    scores = validate_hands(model, [HandSource("a", "a", notes, hand), unknown], 10.0).scores
    assert scores.keys() == {SHARE, TEMPERATURE}
    assert scores[SHARE] == pytest.approx(14 / 16)
    assert validate_hands(model, [unknown], 10.0).scores == {}
