"""A bias towards the sustain pedal, which the published model reads too rarely on pianos that it does not know."""

import math

from pianotrans.errors import UsageError

MAX_BIAS = 100.0  # a second: more than any score says against it


def check_pedal_bias(per_second: float) -> float:
    """The bias as a number. Raises UsageError for one that is not finite or out of range."""
    if not (math.isfinite(per_second) and abs(per_second) <= MAX_BIAS):
        raise UsageError(f"{per_second} given. It must be from -{MAX_BIAS:.0f} to {MAX_BIAS:.0f}.", "pedal_bias")
    return float(per_second)
