"""The model that hears bars in beats, in its folder."""

import torch

from pianotrans.score.beats.notes import Array, NoteTable
from pianotrans.score.meter.features import compute_features
from pianotrans.score.meter.network import MeterLogits, MeterNetwork, MeterNetworkConfig
from pianotrans.score.weights import SmallModel


class MeterModel(SmallModel):
    """All that is learned."""

    config_type = MeterNetworkConfig

    def __init__(self, config: MeterNetworkConfig):
        super().__init__()
        self.network = MeterNetwork(config)

    def hear(self, notes: NoteTable, beats_s: Array) -> MeterLogits:
        """What is said of each of a piece's beats, (n_beats, …); `beats_s` (n_beats,) is strictly increasing."""
        features = torch.from_numpy(compute_features(notes, beats_s))[None]
        with torch.inference_mode():
            says = self.network(features, torch.ones(1, len(beats_s), dtype=torch.bool))
        return MeterLogits(*(x[0] for x in says))
