"""The whole network: samples to context, interval scores and attributes."""

from torch import Tensor, nn

from pianotrans.network.architectures import AnyModelConfig, make_parts
from pianotrans.network.attributes import AttributeHeads
from pianotrans.semicrf import IntervalScores


class Model(nn.Module):
    """Parts in the order of the data; `forward` goes as far as the interval scores.

    Axes: C clips, A audio channels, N tracks, T frames, D width of the context.
    """

    def __init__(self, config: AnyModelConfig):
        super().__init__()
        self.config = config
        width = config.context_width
        self.spectrogram, self.backbone = make_parts(config)
        self.scorer = nn.Linear(width, 2 * width + 1)
        self.attributes = AttributeHeads(
            width, config.attributes.hidden, reads_median_velocity=config.reads_median_velocity
        )

    def forward(self, samples: Tensor) -> tuple[Tensor, IntervalScores]:
        """Samples (C, A, n) → context (C, N, T, D) and the scores of the C·N tracks, clip by clip."""
        context = self.backbone(self.spectrogram(samples))
        return context, self.scores(context)

    def reset_constants(self) -> None:
        """Make the constants that are not stored with the weights, after those were loaded."""
        self.spectrogram.reset_constants()

    def fix_embeddings(self, n_samples: int) -> None:
        """Compute once what depends on the weights and the length of a segment alone, for inference."""
        self.backbone.fix_embeddings(self.config.spectrogram.n_frames(n_samples))

    def scores(self, context: Tensor) -> IntervalScores:
        """Context (..., T, D) → scores of all intervals of the tracks, in factors (README §5); O(T)."""
        width = context.shape[-1]
        tracks, parts = context.flatten(0, -3), [width, width, 1]
        layers = zip(self.scorer.weight.split(parts), self.scorer.bias.split(parts), strict=True)
        query, key, singleton = (nn.functional.linear(tracks, weight, bias) for weight, bias in layers)
        return IntervalScores(query, key, singleton.squeeze(-1))
