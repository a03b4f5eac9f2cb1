"""Gradients no longer than most that came before (after Seetharaman et al., AutoClip, MLSP 2020)."""

import math
from collections.abc import Iterable
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class Clip(Protocol):
    """Scales gradients down."""

    @property
    def history(self) -> NDArray[np.float64]:
        """What it remembers, for `restore`."""

    def apply(self, weights: Iterable[Tensor]) -> tuple[float, float]:
        """Clip the gradients of these weights together; returns their norm before that and the bound."""

    def restore(self, history: Iterable[float]) -> None:
        """Replace the history."""


class FixedClip:
    """Scales gradients down to a norm that is always the same."""

    def __init__(self, bound: float):
        self._bound = bound
        self.history = np.zeros(0)

    def apply(self, weights: Iterable[Tensor]) -> tuple[float, float]:
        """Clip the gradients of these weights together; returns their norm before that and the bound."""
        return torch.nn.utils.clip_grad_norm_(weights, self._bound).item(), self._bound

    def restore(self, history: Iterable[float]) -> None:
        """There is nothing to remember."""


class GradientClip:
    """Scales gradients down to a quantile of the norms of earlier ones; those before scaling."""

    def __init__(self, quantile: float, n_remembered: int):
        self._quantile = quantile
        self._norms = np.full(n_remembered, np.nan)  # a ring
        self._n_seen = 0

    @property
    def bound(self) -> float:
        """The longest norm that is let through now; infinite as long as there is no history."""
        return float(np.quantile(self.history, self._quantile)) if self._n_seen else math.inf

    @property
    def history(self) -> NDArray[np.float64]:
        """The norms that are remembered, the oldest first."""
        if self._n_seen <= len(self._norms):
            return self._norms[: self._n_seen].copy()
        return np.roll(self._norms, -self._n_seen % len(self._norms))

    def apply(self, weights: Iterable[Tensor]) -> tuple[float, float]:
        """Clip the gradients of these weights together; returns their norm and the bound.

        A norm that is not finite is not remembered. The caller decides what to do with its gradients.
        """
        bound = self.bound
        norm = torch.nn.utils.clip_grad_norm_(weights, bound).item()
        if math.isfinite(norm):
            self._remember(norm)
        return norm, bound

    def restore(self, history: Iterable[float]) -> None:
        """Replace the history."""
        self._n_seen = 0
        for norm in history:
            self._remember(norm)

    def _remember(self, norm: float) -> None:
        self._norms[self._n_seen % len(self._norms)] = norm
        self._n_seen += 1
