"""Saarland Music Data: files called Composer_Work_Performer_Date-SMD, audio and MIDI in folders of their own.

Müller et al., "Saarland Music Data (SMD)", late-breaking demo, ISMIR 2011.
"""

from dataclasses import replace
from pathlib import Path

from pianotrans.datasets.files import walk_files
from pianotrans.datasets.listing import DatasetListing
from pianotrans.datasets.matching import match_files
from pianotrans.datasets.naming import stem_name


def list_smd(root: Path) -> DatasetListing:
    """Audio and MIDI of the same stem, in one folder or in several: midi, wav_44100_stereo, wav_22050_mono, mp3.

    The name of a pair is the stem alone, its group the composer; there are no splits.
    """
    pairs, unmatched = match_files(root, walk_files(root), name_of=lambda file: stem_name(Path(file.name)))
    return DatasetListing(
        "smd",
        root,
        tuple(replace(pair, group=_composer(pair.name)) for pair in pairs),
        tuple(replace(one, group=_composer(one.name)) for one in unmatched),
    )


def find_smd_files(root: Path) -> list[Path]:
    """MIDI files that are named as SMD names them, in `root` or in a folder of it."""
    return [*root.glob("*-SMD.mid"), *root.glob("*/*-SMD.mid")]


def _composer(name: str) -> str | None:
    composer, separator, _ = name.partition("_")
    return composer if separator and composer else None
