"""Which pictures can be drawn, known without loading anything."""

import importlib.util

PICTURE_FORMATS = ("png", "svg", "pdf")


def can_draw() -> bool:
    """Whether matplotlib is installed."""
    return importlib.util.find_spec("matplotlib") is not None
