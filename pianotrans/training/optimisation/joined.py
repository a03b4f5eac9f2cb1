"""Several optimizers that act as one: each changes some of the weights."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, Protocol

from torch import Tensor
from torch.optim import Optimizer


class AnyOptimizer(Protocol):
    """One of torch's optimizers, or several joined: what a run asks of them."""

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of weights, with their settings."""

    @property
    def state(self) -> Mapping[Tensor, Any]:
        """What is remembered of each weight."""

    @property
    def step(self) -> Callable[[], Any]:
        """Change every weight that has a gradient."""

    def zero_grad(self) -> None:
        """Drop the gradients."""

    def state_dict(self) -> dict[str, Any]:
        """Groups and state, with numbers in place of weights."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""


class JoinedOptimizer:
    """Optimizers one after the other; groups and weights are counted through all of them."""

    def __init__(self, *optimizers: Optimizer):
        self._optimizers = optimizers

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of all."""
        return [group for one in self._optimizers for group in one.param_groups]

    @property
    def state(self) -> Mapping[Tensor, Any]:
        """What any of them remembers of each weight."""
        return {weight: kept for one in self._optimizers for weight, kept in one.state.items()}

    def step(self) -> None:
        """Change every weight that has a gradient."""
        for one in self._optimizers:
            one.step()

    def zero_grad(self) -> None:
        """Drop the gradients."""
        for one in self._optimizers:
            one.zero_grad()

    def state_dict(self) -> dict[str, Any]:
        """As that of a single optimizer."""
        joined: dict[str, Any] = {"state": {}, "param_groups": []}
        for one, first in zip(self._optimizers, self._first_numbers(), strict=False):
            part = one.state_dict()
            joined["state"] |= {first + number: kept for number, kept in part["state"].items()}
            joined["param_groups"] += [_renumbered(group, first) for group in part["param_groups"]]
        return joined

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        groups = list(state_dict["param_groups"])
        for one, (first, end) in zip(self._optimizers, pairwise(self._first_numbers()), strict=True):
            here = [groups.pop(0) for _ in one.param_groups]
            state = {i - first: kept for i, kept in state_dict["state"].items() if first <= i < end}
            one.load_state_dict({"state": state, "param_groups": [_renumbered(group, -first) for group in here]})

    def _first_numbers(self) -> list[int]:
        """The number of the first weight of each optimizer, and how many there are in all."""
        numbers = [0]
        for one in self._optimizers:
            numbers.append(numbers[-1] + sum(len(group["params"]) for group in one.param_groups))
        return numbers


def _renumbered(group: dict[str, Any], by: int) -> dict[str, Any]:
    return {**group, "params": [number + by for number in group["params"]]}
