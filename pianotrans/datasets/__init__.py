"""Data sets: which recordings and which MIDI belong together, in every layout that is known.

Nothing here opens a recording. Importing this package loads neither torch nor a MIDI library.
"""

from pianotrans.datasets.durations import check_duration
from pianotrans.datasets.layouts import LAYOUTS, detect_layout, find_pairs
from pianotrans.datasets.listing import DatasetListing, Pair, Unmatched
from pianotrans.datasets.naming import file_of
from pianotrans.datasets.references import (
    UNKNOWN_VELOCITY,
    knows_velocity,
    load_maps_text,
    load_reference,
)
from pianotrans.datasets.selection import limit_pairs, select_names, select_split

__all__ = [
    "LAYOUTS",
    "UNKNOWN_VELOCITY",
    "DatasetListing",
    "Pair",
    "Unmatched",
    "check_duration",
    "detect_layout",
    "file_of",
    "find_pairs",
    "knows_velocity",
    "limit_pairs",
    "load_maps_text",
    "load_reference",
    "select_names",
    "select_split",
]
