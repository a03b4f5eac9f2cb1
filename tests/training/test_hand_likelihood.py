"""The likelihood of known hands: its value against all ways one by one, its gradients against differences."""

from itertools import product

import numpy as np
import pytest
import torch

from pianotrans.score.hands.chain import N_BACK
from pianotrans.score.hands.network import HandLogits
from pianotrans.training.hands.objective import chain_loss, hand_losses


def random_logits(n_pieces: int, n_notes: int) -> HandLogits:
    torch.manual_seed(n_notes)
    right = torch.randn(n_pieces, n_notes, dtype=torch.float64)
    same = torch.randn(n_pieces, n_notes, N_BACK, dtype=torch.float64)
    return HandLogits(right, right.requires_grad_(), same.requires_grad_())


def log_weight(logits: HandLogits, piece: int, hands: tuple[int, ...]) -> float:
    """Of hands that are 1 for the right and 2 for the left."""
    right, same = (x[piece].detach().numpy() for x in (logits.right, logits.same))
    total = 0.0
    for note, hand in enumerate(hands):
        total += right[note] if hand == 1 else 0.0
        total += sum(same[note, i] for i in range(min(N_BACK, note)) if hands[note - 1 - i] == hand)
    return total


def test_the_loss_is_that_of_all_ways_that_agree_with_what_is_known():
    hand = torch.tensor([[1, 2, 0, 1, 1, 2, 0], [0, 0, 2, 2, 1, 0, 0]])
    logits = random_logits(*hand.shape)
    nats = 0.0
    for piece, known in enumerate(hand.tolist()):
        ways = list(product((1, 2), repeat=len(known)))
        weights = np.array([log_weight(logits, piece, way) for way in ways])
        agrees = [all(k in (0, h) for k, h in zip(known, way, strict=True)) for way in ways]
        nats += np.logaddexp.reduce(weights) - np.logaddexp.reduce(weights[agrees])
    assert chain_loss(logits, hand).item() == pytest.approx(nats / 8)


def test_its_gradients_are_exact():
    hand = torch.tensor([[1, 0, 2, 2, 1, 1, 2, 0]])
    logits = random_logits(*hand.shape)
    assert torch.autograd.gradcheck(
        lambda right, same: chain_loss(HandLogits(right, right, same), hand), (logits.right, logits.same), eps=1e-5
    )


def test_alone_every_known_note_counts():
    hand = torch.tensor([[1, 2, 0], [2, 0, 0]])
    logits = random_logits(*hand.shape)
    right = 1 / (1 + np.exp(-logits.alone.detach().numpy()))
    nats = -np.log([right[0, 0], 1 - right[0, 1], 1 - right[1, 0]])
    assert hand_losses(logits, hand)["alone"].item() == pytest.approx(nats.mean())


def test_unknown_hands_teach_nothing():
    logits = random_logits(1, 5)
    losses = hand_losses(logits, torch.zeros(1, 5, dtype=torch.int64))
    torch.stack(list(losses.values())).sum().backward()
    assert [loss.item() for loss in losses.values()] == [0, 0]
    assert logits.right.grad is not None
    assert not logits.right.grad.any()
