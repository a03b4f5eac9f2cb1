"""Features to one context vector per track and frame.

Axes: C clips, T frames, B bins, W windows, R rows (one for each semitone), K keys, P pedals, N tracks, D width.
"""

import torch
from torch import Tensor, nn

from pianotrans.network.harmonic.config import HarmonicConfig, HarmonicModelConfig
from pianotrans.network.harmonic.gathering import Tap, gather
from pianotrans.network.harmonic.memory import CLOCK_WIDTH, Memory, Pointer, draw_phases, read_clock
from pianotrans.network.harmonic.sweep import can_sweep, normalise, sweep_keys
from pianotrans.network.transformer import rms_norm

_N_FRAMEWISE = 3  # numbers of the context that stand first: they are trained as logits of onset, sound and offset
_MATCH = 2.0  # of query and key with the pointer, at first
_SCALE = 0.5  # of what a block adds, at first


class HarmonicStem(nn.Module):
    """Convolutions over frames and bins, the last of which leaves one row of each semitone."""

    def __init__(self, config: HarmonicModelConfig):
        super().__init__()
        width, n_bins = config.harmonic.stem_width, config.spectrogram.bins_per_semitone
        self.input = nn.Conv2d(config.spectrogram.n_windows, width, (3, 5), padding=(1, 2))
        self.middle = nn.Conv2d(width, width, (1, 5), padding=(0, 2))
        self.output = nn.Conv2d(width, 2 * width, (3, n_bins), stride=(1, n_bins), padding=(1, 0))

    def forward(self, features: Tensor) -> Tensor:
        """(C, T, B, W) → (C, T, R, D of the stem)."""
        x = features.permute(0, 3, 1, 2).to(self.input.weight.dtype)
        x = nn.functional.gelu(self.input(x))
        x = nn.functional.gelu(self.middle(x))
        return nn.functional.gelu(self.output(x)).permute(0, 2, 3, 1).to(features.dtype)


class HarmonicBlock(nn.Module):
    """A key takes from its harmonics and from the frames around, and from what it remembers.

    It looks ahead by `dilation` frames, and back by twice as many; the memory reaches back to the beginning.
    """

    def __init__(self, config: HarmonicConfig, dilation: int):
        super().__init__()
        self.taps: tuple[Tap, ...] = (
            *((0, semitones) for semitones in config.semitones),
            *((frames, 0) for frames in (-2 * dilation, -dilation, dilation)),
        )
        self.reduce = nn.Linear(config.width, config.gathered_width)
        self.expand = nn.Linear(len(self.taps) * config.gathered_width, config.hidden_width)
        self.contract = nn.Linear(config.hidden_width, config.width)
        self.memory = Memory(config.width)
        self.scale = nn.Parameter(torch.full((config.width,), _SCALE))

    def forward(self, x: Tensor, clock: Tensor) -> Tensor:
        """(C, T, K, D) → the same shape."""
        x = x + self.scale * self._mix(self.reduce(rms_norm(x)))
        return x + self.memory(rms_norm(x), clock)

    def _mix(self, reduced: Tensor) -> Tensor:
        gathered = gather(reduced, self.taps, reduced.shape[2])
        return self.contract(nn.functional.gelu(self.expand(gathered)))


class PedalTracks(nn.Module):
    """The tracks of the pedals, from all keys together: their mean and the most of each number."""

    def __init__(self, width: int, n_pedals: int):
        super().__init__()
        self.hidden = nn.Linear(2 * width, 2 * width)
        self.output = nn.Linear(2 * width, n_pedals * width)
        self.memory = Memory(width)

    def forward(self, keys: Tensor, clock: Tensor) -> Tensor:
        """(C, T, K, D) → (C, T, P, D)."""
        pooled = torch.cat([keys.mean(dim=2), keys.amax(dim=2)], dim=-1)
        pedals = self.output(nn.functional.gelu(self.hidden(pooled))).unflatten(-1, (-1, keys.shape[-1]))
        return pedals + self.memory(rms_norm(pedals), clock)


class HarmonicBackbone(nn.Module):
    """Stem, the rows that each key begins with, blocks, the tracks of the pedals, and what points to onsets."""

    def __init__(self, config: HarmonicModelConfig):
        super().__init__()
        self.config, self.tracks = config.harmonic, config.tracks
        self.first = config.tracks.lowest_key - config.spectrogram.lowest_key
        self.n_keys = config.tracks.highest_key - config.tracks.lowest_key + 1
        width, semitones = self.config.width, self.config.semitones
        self.taps: tuple[Tap, ...] = tuple((0, one) for one in semitones)
        self.stem = HarmonicStem(config)
        self.input = nn.Linear(len(semitones) * 2 * self.config.stem_width, width)
        self.key_embedding = nn.Parameter(torch.zeros(self.n_keys, width)) if self.config.key_embedding else None
        self.blocks = nn.ModuleList(HarmonicBlock(self.config, one) for one in self.config.dilations)
        self.pedals = PedalTracks(width, len(self.tracks.pedals)) if self.tracks.pedals else None
        self.output = nn.Linear(width, width - CLOCK_WIDTH)
        self.pointer = Pointer()

    def forward(self, features: Tensor) -> Tensor:
        """(C, T, B, W) → context (C, N, T, D)."""
        return self.upsample(self.transform(self.stem(features)), features.shape[1])

    def transform(self, stem: Tensor) -> Tensor:
        """(C, T, R, D of the stem) → what the context is read off, (C, T, N, D)."""
        phases = draw_phases(len(stem), self.output.weight, at_random=self.training)
        clock = read_clock(stem.shape[1], phases)
        is_swept = can_sweep(stem)
        x = sweep_keys(self, stem, clock) if is_swept else self.keys(stem, clock)
        if self.pedals is not None:
            x = torch.cat([self.pedals(x, clock), x], dim=2)
        normed = normalise(x) if is_swept else rms_norm(x)
        framewise, others = self.output(normed).tensor_split([_N_FRAMEWISE], dim=-1)
        return torch.cat([framewise, self.pointer(framewise[..., 0], clock), others], dim=-1)

    def keys(self, stem: Tensor, clock: Tensor) -> Tensor:
        """(C, T, R, D of the stem), with a clock (C, T, 1, n) → what is known of each key, (C, T, K, D)."""
        x = self.input(gather(stem, self.taps, self.n_keys, self.first))
        if self.key_embedding is not None:
            x = x + self.key_embedding
        for block in self.blocks:
            x = block(x, clock)
        return x

    @staticmethod
    @torch.no_grad()
    def prepare_scorer(scorer: nn.Linear) -> None:
        """Let a new scorer begin with what the pointer is for: ends go with the begin that they point to."""
        width = scorer.in_features
        for i in range(_N_FRAMEWISE, _N_FRAMEWISE + CLOCK_WIDTH):
            for row in (i, width + i):  # of the query, and of the key
                scorer.weight[row] = 0.0
                scorer.weight[row, i] = _MATCH
                scorer.bias[row] = 0.0

    def upsample(self, tracks: Tensor, n_frames: int) -> Tensor:
        """(C, T, N, D) → context (C, N, n_frames, D): this network has the rate of the frames throughout."""
        return tracks.transpose(1, 2)[:, :, :n_frames].contiguous()

    def fix_embeddings(self, n_frames: int) -> None:
        """Nothing here depends on the length of a segment."""

    def recompute_blocks(self, wanted: bool) -> None:
        """Nothing here is large enough to be computed again."""
