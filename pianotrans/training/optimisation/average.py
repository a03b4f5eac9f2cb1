"""The running average of weights: what a model is validated and exported with."""

import torch
from torch import Tensor, nn


class WeightAverage:
    """Exponential moving average of the weights of a model; a decay of 0 is the weights themselves.

    The decay grows to its value like (1 + n) / (10 + n) over n steps, so that the first, random weights do not
    linger in short runs.
    """

    def __init__(self, model: nn.Module, decay: float):
        self._decay = decay
        self._model = model
        self._weights = list(model.parameters())
        self._averages = [weight.detach().clone() for weight in self._weights]

    @torch.no_grad()
    def update(self, n_steps: int) -> None:
        """Add the weights after `n_steps` steps to the average."""
        decay = min(self._decay, (1 + n_steps) / (10 + n_steps))
        torch._foreach_lerp_(self._averages, [weight.detach() for weight in self._weights], 1 - decay)

    def tensors(self) -> dict[str, Tensor]:
        """All that the model's state has, with the averages in place of the weights."""
        names = [name for name, _ in self._model.named_parameters()]
        return self._model.state_dict() | dict(zip(names, self._averages, strict=True))

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Restore what `tensors` gave."""
        for (name, _), average in zip(self._model.named_parameters(), self._averages, strict=True):
            average.copy_(tensors[name])
