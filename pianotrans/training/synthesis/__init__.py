"""Performances played on recorded samples, as material to train on and to test with.

Importing this package loads no torch.
"""

from pianotrans.training.synthesis.dataset import Synthesis, SynthesisSettings, Take
from pianotrans.training.synthesis.instrument import render
from pianotrans.training.synthesis.library import SampleLibrary
from pianotrans.training.synthesis.staging import Stage

__all__ = ["SampleLibrary", "Stage", "Synthesis", "SynthesisSettings", "Take", "render"]
