"""Exported graphs in onnxruntime, in place of the network that they were made of."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor

from pianotrans.audio import Block
from pianotrans.inference.decoding import SegmentPaths, best_moves
from pianotrans.inference.portable import ATTRIBUTES_FILE, NETWORK_FILE
from pianotrans.network import Attributes, Model
from pianotrans.semicrf import BestMoves, IntervalScores


class Graphs:
    """The network and the attributes of a model, read from the folder that they were exported to."""

    def __init__(self, folder: Path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        self._network, self._attributes = (
            onnxruntime.InferenceSession(folder / name, options) for name in (NETWORK_FILE, ATTRIBUTES_FILE)
        )

    @property
    def metadata(self) -> dict[str, str]:
        """What the network says of itself."""
        return dict(self._network.get_modelmeta().custom_metadata_map)

    def scores(self, samples: Block) -> tuple[Tensor, IntervalScores]:
        """Samples (A, n) → context (N, T, D), and the scores of the tracks."""
        context, *factors = map(torch.from_numpy, self._network.run(None, {"samples": samples}))
        return context, IntervalScores(*factors)

    def decode(self, begin: Tensor, end: Tensor) -> Attributes:
        """As `AttributeHeads.decode`."""
        found = self._attributes.run(None, {"begin": begin.numpy(), "end": end.numpy()})
        return Attributes(*map(torch.from_numpy, found))

    @property
    def attributes(self) -> "Graphs":
        """A model has its heads there."""
        return self


def decoding_with(graphs: Graphs) -> Callable[..., list[SegmentPaths]]:
    """What stands for `decode_segments` where the graphs are to do the work."""

    def decode(model: Model, segments: Sequence[Block], **_: Any) -> list[SegmentPaths]:
        return [_decode(graphs, model, samples) for samples in segments]

    return decode


def _decode(graphs: Graphs, model: Model, samples: NDArray[np.float32]) -> SegmentPaths:
    context, scores = graphs.scores(samples)
    if not samples.any():
        return SegmentPaths(model, context, BestMoves.nothing(*scores.singleton.shape), None)
    is_stepwise = graphs.metadata["decoding"] == "stepwise"
    moves, _ = best_moves(scores, model.config.tracks.numbers, with_confidence=False, stepwise=is_stepwise)
    return SegmentPaths(graphs, context, moves, None)  # type: ignore[arg-type] - all it needs of a model
