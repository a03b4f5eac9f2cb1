"""Performances played on recorded samples, as material to train on and to test with.

Importing this package loads no torch.
"""

from pathlib import Path

from pianotrans.training.synthesis.dataset import Synthesis, SynthesisSettings, Take
from pianotrans.training.synthesis.instrument import Instrument, render
from pianotrans.training.synthesis.library import SampleLibrary
from pianotrans.training.synthesis.soundfont import SUFFIXES, SoundFont
from pianotrans.training.synthesis.staging import Stage


def open_instrument(path: Path) -> Instrument:
    """A soundfont, or a folder of samples. Raises DatasetError for anything else."""
    return SoundFont.open(path) if path.suffix.lower() in SUFFIXES else SampleLibrary.open(path)


__all__ = [
    "Instrument",
    "SampleLibrary",
    "SoundFont",
    "Stage",
    "Synthesis",
    "SynthesisSettings",
    "Take",
    "open_instrument",
    "render",
]
