"""The published checkpoint's parameters under this project's names (README §11).

One way and strict: every published tensor is used exactly once or known to be redundant, every parameter of
ours is filled, shapes are checked.
"""

import torch
from torch import Tensor

from pianotrans.errors import ModelError
from pianotrans.network import AnyModelConfig, ModelConfig

_RENAMED = {
    "framewiseFeatureExtractor.spectrogramExtractor.winGen.center": "spectrogram.window_centers",
    "framewiseFeatureExtractor.spectrogramExtractor.winGen.sigma": "spectrogram.window_widths",
    "scorer.map.0": "scorer",
    "velocityPredictor.0": "attributes.velocity.hidden",
    "velocityPredictor.3": "attributes.velocity.output",
    "refinedOFPredictor.0": "attributes.refinement.hidden",
    "refinedOFPredictor.3": "attributes.refinement.output",
    "backbone.inputConv": "backbone.stem.input",
    "backbone.upConv1dSkip": "backbone.upsampling",
} | {
    f"backbone.downConv.{4 * i + offset}": f"backbone.stem.{ours}.{i}"
    for i in range(4)
    for offset, ours in ((1, "convolutions"), (2, "norms"))
} | {
    f"backbone.{theirs}.{part}": f"backbone.{ours}.{name}"
    for theirs, ours in (
        ("posEmbedBuilder", "stem.mel_embedding"),
        ("posEmbedBuilderAttnTF", "mel_embedding"),
        ("posEmbedBuilderAttnTE", "track_embedding"),
    )
    for part, name in (("proj", "phase"), ("mlp.0", "expand"), ("mlp.3", "contract"))
}  # fmt: skip

_RENAMED_IN_BLOCK = {
    "mhaBlockF.scale": "across_places.scale",
    "mhaBlockF.module.out_proj": "across_places.output",
    "fnnBlockF.scale": "after_places.scale",
    "fnnBlockF.module.0": "after_places.expand",
    "fnnBlockF.module.3": "after_places.contract",
    "mhaBlockT.scale": "across_time.scale",
    "mhaBlockT.module.out_proj": "across_time.output",
    "fnnBlockT.scale": "after_time.scale",
    "fnnBlockT.module.0": "after_time.expand",
    "fnnBlockT.module.3": "after_time.contract",
}

_MEL_FILTERS = "framewiseFeatureExtractor.freq2mels"
_HANN = "framewiseFeatureExtractor.spectrogramExtractor.win"


def convert(published: dict[str, Tensor], config: AnyModelConfig) -> dict[str, Tensor]:
    """Parameters of `Model(config)` from the published `state_dict`.

    Raises:
        ModelError: a tensor is missing, unexpected, or not what this architecture computes with.
    """
    if not isinstance(config, ModelConfig):
        raise ModelError("checkpoint: it is that of a transformer; this model is of another architecture.")
    rest = dict(published)
    try:
        converted = {"spectrogram.mel_filters": _used_filters(rest.pop(_MEL_FILTERS), config)}
        _check_hann(rest.pop(_HANN))
        for i in range(config.transformer.n_layers):
            converted |= _convert_block(rest, f"backbone.encoderLayers.{i}.", f"backbone.blocks.{i}.")
        for theirs, ours in _RENAMED.items():
            converted |= _move(rest, theirs, ours)
    except KeyError as error:
        raise ModelError(
            f"checkpoint: no tensor {error.args[0]}. Is it the checkpoint of transkun 2.0.1?"
        ) from error
    if rest:
        raise ModelError(f"checkpoint: {len(rest)} unexpected tensors, among them {min(rest)}.")
    return converted


def _move(rest: dict[str, Tensor], theirs: str, ours: str) -> dict[str, Tensor]:
    """A tensor, or the weight and bias of a layer."""
    if theirs in rest:
        return {ours: rest.pop(theirs)}
    return {f"{ours}.{part}": rest.pop(f"{theirs}.{part}") for part in ("weight", "bias")}


def _convert_block(rest: dict[str, Tensor], theirs: str, ours: str) -> dict[str, Tensor]:
    block: dict[str, Tensor] = {}
    for name, new_name in _RENAMED_IN_BLOCK.items():
        block |= _move(rest, theirs + name, ours + new_name)
    # Queries, keys and values are stored input-first there, (in, out); every other layer is (out, in).
    projection = {
        axis + kind: rest.pop(f"{theirs}mhaBlock{axis}.module.{kind}_proj_weight").T
        for axis in "FT"
        for kind in "qkv"
    }
    block[f"{ours}across_places.query.weight"] = projection["Fq"].contiguous()
    block[f"{ours}across_time.query.weight"] = projection["Tq"].contiguous()
    block[f"{ours}keys_values.weight"] = torch.cat([projection[name] for name in ("Fk", "Fv", "Tk", "Tv")])
    return block


def _used_filters(filters: Tensor, config: ModelConfig) -> Tensor:
    n_bins = config.spectrogram.n_bins
    if filters[n_bins:].any():
        raise ModelError(f"checkpoint: mel filters reach beyond {config.spectrogram.max_hz} Hz.")
    return filters[:n_bins].clone()


def _check_hann(window: Tensor) -> None:
    if not torch.allclose(window, torch.hann_window(len(window)), atol=1e-6):
        raise ModelError("checkpoint: the first analysis window is not a Hann window.")
