"""Any folder: audio and MIDI of the same stem, side by side."""

from pathlib import Path

from pianotrans.datasets.files import walk_files
from pianotrans.datasets.listing import DatasetListing
from pianotrans.datasets.matching import match_files


def list_folder(root: Path) -> DatasetListing:
    """Audio and MIDI of the same stem in the same folder, at `root` or anywhere below it; there are no splits."""
    pairs, unmatched = match_files(root, walk_files(root))
    return DatasetListing("folder", root, tuple(pairs), tuple(unmatched))
