"""The architectures there are: what defines a model of each, and its parts."""

from typing import Any

from pianotrans.errors import ModelError
from pianotrans.network.backbone import Backbone
from pianotrans.network.config import TRANSFORMER, ModelConfig
from pianotrans.network.harmonic import HARMONIC, HarmonicBackbone, HarmonicModelConfig, LogSpectrogram
from pianotrans.network.spectrogram import Spectrogram
from pianotrans.tables import from_table

AnyModelConfig = ModelConfig | HarmonicModelConfig

ARCHITECTURES: dict[str, type[AnyModelConfig]] = {TRANSFORMER: ModelConfig, HARMONIC: HarmonicModelConfig}


def read_config(table: dict[str, Any], where: str = "config") -> AnyModelConfig:
    """The configuration in a parsed `config.toml`. Raises ModelError for unknown architectures and bad settings."""
    settings = dict(table)
    architecture = settings.pop("architecture", None)
    if architecture not in ARCHITECTURES:
        raise ModelError(
            f"{where}: architecture {architecture!r} given; this version runs {' and '.join(ARCHITECTURES)}. "
            "Pass the folder of a model made for it."
        )
    return from_table(ARCHITECTURES[architecture], settings, where, ModelError)


def make_parts(config: AnyModelConfig) -> tuple[Spectrogram | LogSpectrogram, Backbone | HarmonicBackbone]:
    """The frontend and the network behind it, as far as the context; their weights are random."""
    if isinstance(config, HarmonicModelConfig):
        return LogSpectrogram(config.spectrogram), HarmonicBackbone(config)
    return Spectrogram(config.spectrogram), Backbone(config)
