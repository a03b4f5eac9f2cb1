"""The origin of a run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class About:
    """The origin of a run, for its model's card."""

    initial: str  # the model that it began with; empty: random weights
    data: str  # the folder of the index, or those of the data sets
    layout: str
    durations: str  # what ends a note; empty where it does not matter
    n_recordings: int
    hours: float
    index_sha256: str
    version: str  # of this program
