"""Recordings made worse in known ways: noise, rooms, bands, codecs, levels, speeds.

Every kind is a pure function of samples (n_channels, n), their rate, a level and a source of chance. What is in a
recording stays where it is, to the sample; where the speed changes, a `TimeMap` says where it goes.
"""

from pianotrans.audio.degradation.degradation import Degradation, DegradedReading, degrade
from pianotrans.audio.degradation.kinds import KINDS, DegradationKind
from pianotrans.audio.degradation.parsing import parse_degradations
from pianotrans.audio.degradation.speeds import TimeMap

__all__ = [
    "KINDS",
    "Degradation",
    "DegradationKind",
    "DegradedReading",
    "TimeMap",
    "degrade",
    "parse_degradations",
]
