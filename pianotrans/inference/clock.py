"""How a transcription can be timed: the pipeline enters a clock for every stage; by default nothing happens.

The stages are "decode audio", "tuning", "spectrogram", "stem", "transformer", "upsampling", "scorer",
"semi-CRF" and "attributes, stitching".
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

Clock = Callable[[str], AbstractContextManager[object]]
"""Given the name of a stage, a context that is entered while the stage computes."""

_NOTHING = nullcontext()


def no_clock(_: str) -> AbstractContextManager[object]:
    """The clock that measures nothing."""
    return _NOTHING
