"""Find the beats of a performance."""

from functools import partial

import torch
from torch import Tensor

from pianotrans.errors import ScoreError
from pianotrans.events import Performance
from pianotrans.score.beats.decoding import decode_beats
from pianotrans.score.beats.features import compute_features
from pianotrans.score.beats.grid import BeatGrid
from pianotrans.score.beats.hints import BeatHints
from pianotrans.score.beats.network import BeatLogits, BeatNetwork, BeatNetworkConfig
from pianotrans.score.beats.notes import Moments, NoteTable, find_moments
from pianotrans.score.beats.potentials import BeatPotentials
from pianotrans.score.meter.model import MeterModel
from pianotrans.score.weights import SmallModel

_WINDOW = 2048  # moments that the network sees at once: as many as it was trained on
_OVERLAP = 512


class BeatModel(SmallModel):
    """All that is learned: the network, and how its statements are weighed."""

    config_type = BeatNetworkConfig

    def __init__(self, config: BeatNetworkConfig):
        super().__init__()
        self.network = BeatNetwork(config)
        self.potentials = BeatPotentials()


class BeatTracker:
    """Finds beats and bars: beats with one model, their bars with another, if there is one."""

    def __init__(self, model: BeatModel, meter: MeterModel | None = None):
        self._model = model.eval()
        self._meter = None if meter is None else meter.eval()

    def find(self, performance: Performance, hints: BeatHints | None = None) -> BeatGrid:
        """The beats of a performance. No notes give no beats.

        Raises ScoreError where no beats agree with all hints. Cost: about 10 processor seconds for an hour.
        """
        _check_times(hints or BeatHints(), performance)
        notes = NoteTable.from_performance(performance, knows_pedals=bool(performance.pedals))
        moments = find_moments(notes.onset_s)
        if moments.n_moments < 2:
            return BeatGrid()
        return self.decode(notes, moments, self.predict(notes, moments), hints)

    def predict(self, notes: NoteTable, moments: Moments) -> BeatLogits:
        """What the network says of every moment, (n_moments, …); long pieces are seen in overlapping windows."""
        features = torch.from_numpy(compute_features(notes, moments))
        time_s = torch.from_numpy(moments.time_s)
        starts = window_starts(len(time_s))
        sums: list[Tensor] | None = None
        with torch.inference_mode():
            for start in starts:
                part = slice(start, start + _WINDOW)
                seconds = (time_s[part] - time_s[start]).float()
                there = torch.ones(1, len(seconds), dtype=torch.bool)
                found = [x[0] for x in self._model.network(features[None, part], seconds[None], there)]
                weight = _fade(len(seconds), is_first=start == 0, is_last=start == starts[-1])
                found.append(torch.ones(len(seconds)))
                if sums is None:
                    sums = [torch.zeros(len(time_s), *x.shape[1:]) for x in found]
                for total, x in zip(sums, found, strict=True):
                    total[part] += x * weight.view(-1, *[1] * (x.dim() - 1))
        assert sums is not None
        *means, weight = sums
        return BeatLogits(*(x / weight.view(-1, *[1] * (x.dim() - 1)) for x in means))

    def decode(
        self, notes: NoteTable, moments: Moments, logits: BeatLogits, hints: BeatHints | None = None
    ) -> BeatGrid:
        """Beats from what `predict` says; other hints cost no second pass through the network of beats."""
        hear = None if self._meter is None else partial(self._meter.hear, notes)
        return decode_beats(moments.time_s, logits, self._model.potentials, hints, hear)


def _check_times(hints: BeatHints, performance: Performance) -> None:
    """Raise ScoreError for downbeats that the performance does not reach."""
    latest_s = max(hints.downbeats_s, default=0.0)
    if latest_s > performance.end_s:
        raise ScoreError(
            f"downbeats_s {latest_s:g}: the performance ends at {performance.end_s:.1f} s. Give a time before that."
        )


def window_starts(n_moments: int) -> list[int]:
    """Where windows of `_WINDOW` moments begin, evenly spaced, overlapping by `_OVERLAP` or more."""
    if n_moments <= _WINDOW:
        return [0]
    n_windows = -(-(n_moments - _OVERLAP) // (_WINDOW - _OVERLAP))
    return [round(i * (n_moments - _WINDOW) / (n_windows - 1)) for i in range(n_windows)]


def _fade(n: int, *, is_first: bool, is_last: bool) -> Tensor:
    """Weights that rise over the overlap at the beginning of a window and fall at its end."""
    ramp = torch.arange(1, n + 1) / (_OVERLAP + 1)
    rise = torch.ones(n) if is_first else ramp.clamp(max=1)
    fall = torch.ones(n) if is_last else ramp.flip(0).clamp(max=1)
    return torch.minimum(rise, fall).clamp(min=1e-3)
