"""The models that are shipped for scores, loaded once."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pianotrans.errors import ModelError
from pianotrans.shipped import models_folder

if TYPE_CHECKING:
    from pianotrans.score.beats.tracking import BeatTracker
    from pianotrans.score.hands.finding import HandFinder


@cache
def load_beat_tracker() -> "BeatTracker":
    """The shipped models that find beats and bars. Raises ModelError if their files are missing or damaged."""
    from pianotrans.score.beats.tracking import BeatModel, BeatTracker
    from pianotrans.score.meter.model import MeterModel

    return BeatTracker(BeatModel.load(_folder("beats")), MeterModel.load(_folder("meter")))


@cache
def load_hand_finder() -> "HandFinder":
    """The shipped model that tells hands apart. Raises ModelError if its files are missing or damaged."""
    from pianotrans.score.hands.finding import HandFinder

    return HandFinder.load(_folder("hands"))


def _folder(name: str) -> Path:
    folder = models_folder() / name
    for file in ("config.toml", "weights.safetensors"):
        if not (folder / file).is_file():
            raise ModelError(f"{folder / file}: not there. Restore it, or install the package again.")
    return folder
