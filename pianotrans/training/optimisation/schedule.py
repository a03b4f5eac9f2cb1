"""The learning rate's course over a run."""

import math

_FIRST = 1 / 25  # of the peak
_LAST = _FIRST / 1e4


def one_cycle(step: int, n_steps: int, peak_rate: float, warm_up: float) -> float:
    """The rate of step 0 ≤ step < n_steps: up to the peak in the first part of a run, then down to almost nothing.

    `warm_up` is that part, from 0 to 1. Half a cosine both ways (Smith & Topin, arXiv 1708.07120); the same
    numbers as torch's OneCycleLR, but a function of the step alone, so that a run goes on from anywhere.
    """
    top = warm_up * n_steps - 1
    if step <= top:
        return peak_rate * _between(_FIRST, 1.0, step / top if top > 0 else 1.0)
    begin = max(top, 0.0)
    return peak_rate * _between(1.0, _LAST, (step - begin) / max(n_steps - 1 - begin, 1.0))


def trapezoid(step: int, n_steps: int, peak_rate: float, warm_up_steps: int, fall: float) -> float:
    """The rate of a step: up in a straight line, level, and down to 0 over the last part `fall` of a run."""
    up = (step + 1) / max(warm_up_steps, 1)
    down = (n_steps - step) / max(fall * n_steps, 1)
    return peak_rate * min(1.0, up, down)


def _between(start: float, end: float, part: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * part)) / 2
