"""Muon against torch's own, and its orthogonal steps."""

import pytest
import torch

from pianotrans.training.optimisation.muon import Muon, orthogonalise


@pytest.mark.parametrize("shape", [(8, 8), (5, 12), (30, 7)])
def test_singular_values_come_near_one(shape: tuple[int, int]):
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonalise(torch.randn(shape)))
    assert 0.5 < values.min() <= values.max() < 1.3


def test_steps_are_those_of_torch():
    torch.manual_seed(0)
    start, gradients = torch.randn(16, 24), torch.randn(4, 16, 24)
    ours, theirs = (torch.nn.Parameter(start.clone()) for _ in range(2))
    optimizers = [
        Muon([ours], lr=0.01, weight_decay=0.1),
        torch.optim.Muon([theirs], lr=0.01, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"),
    ]
    for gradient in gradients:
        for weight, optimizer in zip((ours, theirs), optimizers, strict=True):
            weight.grad = gradient.clone()
            optimizer.step()
    torch.testing.assert_close(ours, theirs, atol=2e-3, rtol=0)
    assert (ours - start).abs().mean() > 0.005
