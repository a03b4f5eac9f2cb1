"""The network in the operations that other runtimes have, for one clip of any length.

Axes: A audio channels, N tracks, T frames, D width of the context.
"""

import torch
from torch import Tensor, nn

from pianotrans.network.attributes import AttributeHeads
from pianotrans.network.backbone import Backbone
from pianotrans.network.harmonic import HarmonicBackbone, HarmonicModelConfig
from pianotrans.network.harmonic.plain import plain_context, plain_features
from pianotrans.network.model import Model
from pianotrans.network.spectrogram import Spectrogram, log_scale, power_of_frames


class PortableNetwork(nn.Module):
    """A model as far as its interval scores; the results are those of `Model`, to rounding."""

    def __init__(self, model: Model):
        super().__init__()
        self.model = model

    def forward(self, samples: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Samples (A, n) → context, query, key, (N, T, D) each, and singleton, (N, T)."""
        scores = self.model.scores(context := self._context(samples))
        return context, *scores.factors

    def _context(self, samples: Tensor) -> Tensor:
        backbone, config = self.model.backbone, self.model.config
        if isinstance(config, HarmonicModelConfig):
            assert isinstance(backbone, HarmonicBackbone)
            return plain_context(backbone, plain_features(samples, config.spectrogram), config)
        assert isinstance(backbone, Backbone)
        assert isinstance(self.model.spectrogram, Spectrogram)
        return backbone(_features(self.model.spectrogram, samples)[None])[0]


class PortableAttributes(nn.Module):
    """What describes intervals (README §7), given the contexts of their two ends."""

    def __init__(self, heads: AttributeHeads):
        super().__init__()
        self.heads = heads

    def forward(self, begin: Tensor, end: Tensor) -> tuple[Tensor, ...]:
        """Contexts (n, D) each → the fields of `Attributes`, (n,) each."""
        return tuple(vars(self.heads.decode(begin, end)).values())


def _features(spectrogram: Spectrogram, samples: Tensor) -> Tensor:
    """Samples (A, n) → (T, M, W)."""
    config = spectrogram.config
    padded, scale = spectrogram.pad(samples[None])[0], config.window_samples**-0.5
    powers = [power_of_frames(padded, scale * window, config.hop_samples) for window in spectrogram.windows()]
    mels = [power[:, : config.n_bins] @ spectrogram.mel_filters for power in powers]
    return log_scale(torch.stack(mels, dim=-1))
