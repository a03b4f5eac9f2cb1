"""The model that hears bars in beats, in its folder."""

from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn

from pianotrans.errors import ModelError
from pianotrans.score.beats.notes import Array, NoteTable
from pianotrans.score.meter.features import compute_features
from pianotrans.score.meter.network import MeterLogits, MeterNetwork, MeterNetworkConfig
from pianotrans.score.weights import half_tensors, with_weights
from pianotrans.tables import from_table, read_toml


class MeterModel(nn.Module):
    """All that is learned."""

    def __init__(self, config: MeterNetworkConfig):
        super().__init__()
        self.network = MeterNetwork(config)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read `config.toml` and `weights.safetensors`.

        Raises ModelError if they are missing, damaged, or do not fit each other.
        """
        return with_weights(cls(read_meter_config(folder)), folder)

    def half_tensors(self) -> dict[str, Tensor]:
        """The weights in float16, for a file."""
        return half_tensors(self)

    def hear(self, notes: NoteTable, beats_s: Array) -> MeterLogits:
        """What is said of each of a piece's beats, (n_beats, …); `beats_s` (n_beats,) is strictly increasing."""
        features = torch.from_numpy(compute_features(notes, beats_s))[None]
        with torch.inference_mode():
            says = self.network(features, torch.ones(1, len(beats_s), dtype=torch.bool))
        return MeterLogits(*(x[0] for x in says))


def read_meter_config(folder: Path) -> MeterNetworkConfig:
    """Read `config.toml` in a model's folder. Raises ModelError if it cannot be read or is another's."""
    path = folder / "config.toml"
    return from_table(MeterNetworkConfig, read_toml(path, ModelError), str(path), ModelError)
