"""Which files of two folders belong together."""

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pianotrans.errors import EvaluationError, MidiError
from pianotrans.events import MIDI_SUFFIXES, Performance, load_json
from pianotrans.names import composed, shown


@dataclass(frozen=True, slots=True)
class FilePair:
    """A piece: its name (path below the folder, without suffix), its reference and its estimate (MIDI or JSON)."""

    name: str
    reference: Path
    estimate: Path
    confident: Path | None = None  # the estimate in JSON, with confidences
    moved: Callable[[float], float] | None = None  # where the reference's times are in what was transcribed
    keys_higher: tuple[int, ...] = (0,)  # its keys there: whichever fits best counts


@dataclass(frozen=True, slots=True)
class Pairing:
    """The pieces in order of name, and the files of either side that have no partner."""

    pairs: tuple[FilePair, ...]
    reference_only: tuple[Path, ...] = ()
    estimate_only: tuple[Path, ...] = ()

    @property
    def n_same_stem(self) -> int:
        """How many references without a partner have one in another folder, by the name of the file alone."""
        stems = {composed(path.stem) for path in self.estimate_only}
        return sum(composed(path.stem) in stems for path in self.reference_only)


def pair_files(reference: Path, estimate: Path) -> Pairing:
    """Two files, whatever their names, or two folders, by relative path without the suffix of MIDI (any case).

    Names are matched in composed Unicode: a Mac decomposes the letters that others keep.

    JSON of the same name beside an estimate in MIDI gives the confidences of its notes. Hidden files and folders
    are skipped. Raises EvaluationError if a path does not exist, if one is a file and the other a
    folder, if a folder cannot be read, or if it holds two files for one piece (a.mid and a.midi).
    """
    kinds = [_is_folder(path) for path in (reference, estimate)]
    if kinds == [False, False]:
        return Pairing((FilePair(shown(composed(reference.stem)), reference, estimate, _json_beside(estimate)),))
    if kinds[0] != kinds[1]:
        folder, file = (reference, estimate) if kinds[0] else (estimate, reference)
        raise EvaluationError(f"{folder} is a folder and {file} a file. Pass two files or two folders.")
    return _pair_by_name(_midi_files(reference), _midi_files(estimate))


def _pair_by_name(references: dict[str, Path], estimates: dict[str, Path]) -> Pairing:
    """Files of the same name; of names that are the same only when composed, those that leave no doubt."""
    partners = {name: name for name in references.keys() & estimates.keys()}
    other_references = _by_composed_name(references.keys() - partners.keys())
    other_estimates = _by_composed_name(estimates.keys() - partners.keys())
    for name in other_references.keys() & other_estimates.keys():
        partners[other_references[name]] = other_estimates[name]
    matched = set(partners.values())
    n_alike = Counter(map(composed, partners))
    return Pairing(
        pairs=tuple(
            FilePair(
                shown(composed(name) if n_alike[composed(name)] == 1 else name),
                references[name],
                estimates[other],
                _json_beside(estimates[other]),
            )
            for name, other in sorted(partners.items())
        ),
        reference_only=tuple(references[name] for name in sorted(references.keys() - partners.keys())),
        estimate_only=tuple(estimates[name] for name in sorted(estimates.keys() - matched)),
    )


def _by_composed_name(names: Iterable[str]) -> dict[str, str]:
    """Names by how they are composed, without those that several would share."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in names:
        found[composed(name)].append(name)
    return {name: some[0] for name, some in found.items() if len(some) == 1}


def _json_beside(estimate: Path) -> Path | None:
    path = estimate.with_suffix(".json")
    return path if path.is_file() else None


def load_confident(pair: FilePair) -> Performance | None:
    """The estimate with its confidences; None where there is no such file, or another program's JSON."""
    try:
        return None if pair.confident is None else load_json(pair.confident)
    except MidiError:
        return None


def _is_folder(path: Path) -> bool:
    try:
        if not path.exists():
            raise EvaluationError(f"{path}: there is no such file or folder. Check the path.")
        return path.is_dir()
    except OSError as error:
        raise EvaluationError(f"{path}: cannot be read ({error.strerror}). Check its permissions.") from error


def _midi_files(folder: Path) -> dict[str, Path]:
    """The MIDI files below a folder by their relative path without suffix, with slashes."""
    found: dict[str, list[Path]] = defaultdict(list)
    for parent, folders, files in os.walk(folder, onerror=_refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in sorted(files):
            path = Path(parent, name)
            if path.suffix.lower() in MIDI_SUFFIXES and not name.startswith("."):
                found[path.relative_to(folder).with_suffix("").as_posix()].append(path)
    for name, paths in found.items():
        if len(paths) > 1:
            both = " and ".join(path.name for path in paths)
            raise EvaluationError(f"{folder}: holds {both} for the one piece {name}. Remove all but one.")
    return {name: paths[0] for name, paths in found.items()}


def _refuse(error: OSError) -> None:
    raise EvaluationError(
        f"{error.filename}: cannot be read as a folder ({error.strerror}). Check its permissions."
    ) from error
