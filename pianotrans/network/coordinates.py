"""Learned embeddings of integer coordinates (README §4)."""

import math

import torch
from torch import Tensor, nn


class CoordinateEmbedding(nn.Module):
    """cos(W·coordinate + b) / sqrt(d/2), then a two-layer perceptron d → 4d → d."""

    def __init__(self, n_coordinates: int, width: int):
        super().__init__()
        self.phase = nn.Linear(n_coordinates, width)
        self.expand = nn.Linear(width, 4 * width)
        self.contract = nn.Linear(4 * width, width)

    def forward(self, coordinates: Tensor) -> Tensor:
        """(..., n_coordinates) → (..., width)."""
        width = self.phase.out_features
        waves = torch.cos(self.phase(coordinates)) / math.sqrt(width / 2)
        return self.contract(nn.functional.gelu(self.expand(waves)))


def grid(rows: Tensor, columns: Tensor) -> Tensor:
    """All pairs (row, column): (n_rows, n_columns, 2)."""
    return torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=-1)
