"""Recordings and MIDI files that belong together by their names."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from pianotrans.audio import AUDIO_SUFFIXES
from pianotrans.datasets.listing import Pair, Unmatched
from pianotrans.datasets.naming import excerpt, stem_name
from pianotrans.errors import DatasetError
from pianotrans.events import MIDI_SUFFIXES


def match_files(
    root: Path,
    files: Iterable[Path],
    *,
    name_of: Callable[[Path], str] = stem_name,
    other_truths: Sequence[str] = (),
) -> tuple[list[Pair], list[Unmatched]]:
    """Put together, of `files` (relative to `root`), the audio and the MIDI of one name; both lists sorted.

    If a recording has several audio files, lossless ones are preferred, then large ones. A file with a suffix of
    `other_truths` serves where there is no MIDI. Files of other suffixes are ignored. Raises DatasetError if a
    recording has two MIDI files: nothing tells which of them is true.
    """
    audio: dict[str, list[Path]] = defaultdict(list)
    midi: dict[str, list[Path]] = defaultdict(list)
    others: dict[str, list[Path]] = defaultdict(list)
    kinds = dict.fromkeys(AUDIO_SUFFIXES, audio) | dict.fromkeys(MIDI_SUFFIXES, midi)
    kinds |= dict.fromkeys(other_truths, others)
    for file in files:
        kind = kinds.get(file.suffix.lower())
        if kind is not None:
            kind[name_of(file)].append(file)

    truths = {**others, **midi}
    pairs = [
        Pair(name, root / _best(root, audio[name]), root / _only(root, truths[name]))
        for name in sorted(audio.keys() & truths.keys())
    ]
    wanted = " or ".join(["MIDI", *other_truths])
    unmatched = [
        *(Unmatched(name, f"no {wanted} file for {_listed(audio[name])}") for name in audio.keys() - truths.keys()),
        *(Unmatched(name, f"no audio file for {_listed(truths[name])}") for name in truths.keys() - audio.keys()),
    ]
    return pairs, sorted(unmatched, key=lambda one: one.name)


def _best(root: Path, files: list[Path]) -> Path:
    """The audio file to take of one recording's."""

    def preference(file: Path) -> tuple[int, int, Path]:
        return AUDIO_SUFFIXES.index(file.suffix.lower()), -(root / file).stat().st_size, file

    return files[0] if len(files) == 1 else min(files, key=preference)


def _only(root: Path, files: list[Path]) -> Path:
    if len(files) > 1:
        raise DatasetError(
            f"{excerpt(root)}: {_listed(files)} are the MIDI of one recording. "
            "Keep the true one, rename the others."
        )
    return files[0]


def _listed(files: list[Path]) -> str:
    return " and ".join(excerpt(file.as_posix()) for file in files)
