"""The harmonic network: the same weights at every key, which reach to where its harmonics lie."""

from pianotrans.network.harmonic.backbone import HarmonicBackbone
from pianotrans.network.harmonic.config import HARMONIC, HarmonicModelConfig
from pianotrans.network.harmonic.spectrogram import LogSpectrogram

__all__ = ["HARMONIC", "HarmonicBackbone", "HarmonicModelConfig", "LogSpectrogram"]
