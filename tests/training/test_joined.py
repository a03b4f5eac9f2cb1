"""Optimizers that act as one: each does what it does alone, and all of it is saved."""

from copy import deepcopy

import torch
from torch import nn

from pianotrans.training.optimisation.joined import JoinedOptimizer
from pianotrans.training.optimisation.muon import Muon


def parts(seed: int = 0) -> tuple[nn.Linear, torch.optim.AdamW, Muon]:
    torch.manual_seed(seed)
    layer = nn.Linear(3, 2)
    return layer, torch.optim.AdamW([layer.bias], lr=0.1), Muon([{"params": [layer.weight]}], lr=0.1)


def set_gradients(layer: nn.Linear, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    for weight in layer.parameters():
        weight.grad = torch.randn(weight.shape, generator=generator)


def test_joined_is_one_after_the_other():
    (layer, *apart), (other, *together) = parts(), parts()
    joined = JoinedOptimizer(*together)
    for seed in range(3):
        set_gradients(layer, seed)
        set_gradients(other, seed)
        for one in apart:
            one.step()
        joined.step()
    assert torch.equal(other.weight, layer.weight)
    assert torch.equal(other.bias, layer.bias)
    joined.zero_grad()
    assert other.weight.grad is None


def test_what_is_saved_goes_on():
    (layer, *some), (other, *others) = parts(), parts()
    joined, again = JoinedOptimizer(*some), JoinedOptimizer(*others)
    set_gradients(layer, 0)
    joined.step()
    saved = deepcopy(joined.state_dict())
    assert [group["params"] for group in saved["param_groups"]] == [[0], [1]]
    assert set(saved["state"]) == {0, 1}
    other.load_state_dict(layer.state_dict())
    again.load_state_dict(saved)
    again.param_groups[0]["lr"] = joined.param_groups[0]["lr"] = 0.05
    for one in (layer, other):
        set_gradients(one, 1)
    joined.step()
    again.step()
    assert torch.equal(other.weight, layer.weight)
    assert torch.equal(other.bias, layer.bias)
    assert set(again.state) == {other.weight, other.bias}
