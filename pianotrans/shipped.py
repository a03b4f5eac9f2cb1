"""Where the files are that are shipped beside the code."""

from functools import cache
from pathlib import Path


@cache
def models_folder() -> Path:
    """The shipped models: inside an installed package, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    installed, checkout = package / "_models", package.parent / "models"
    return installed if installed.is_dir() else checkout
