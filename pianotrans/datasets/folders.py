"""Data sets without an index: what belongs together tells by its name."""

from dataclasses import replace
from pathlib import Path

from pianotrans.datasets.files import walk_files
from pianotrans.datasets.listing import DatasetListing
from pianotrans.datasets.matching import match_files
from pianotrans.datasets.naming import stem_name


def list_folder(root: Path) -> DatasetListing:
    """Any folder: audio and MIDI of the same stem in the same folder, at `root` or however deep below it."""
    pairs, unmatched = match_files(root, walk_files(root))
    return DatasetListing("folder", root, tuple(pairs), tuple(unmatched))


def list_smd(root: Path) -> DatasetListing:
    """Saarland Music Data: audio and MIDI of the same stem, in one folder or in several.

    The files are called Composer_Work_Performer_Date-SMD, the folders midi, and wav_44100_stereo,
    wav_22050_mono or mp3. The name of a pair is the stem alone, its group the composer; there are no splits.
    Müller et al., "Saarland Music Data (SMD)", late-breaking demo, ISMIR 2011.
    """
    pairs, unmatched = match_files(root, walk_files(root), name_of=lambda file: stem_name(Path(file.name)))
    return DatasetListing(
        "smd",
        root,
        tuple(replace(pair, group=_composer(pair.name)) for pair in pairs),
        tuple(replace(one, group=_composer(one.name)) for one in unmatched),
    )


def _composer(name: str) -> str | None:
    composer, separator, _ = name.partition("_")
    return composer if separator and composer else None
