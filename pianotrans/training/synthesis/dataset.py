"""Synthetic recordings as a data set in MAESTRO's layout: an index, and a folder of sound and MIDI."""

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from pianotrans.audio import encode_pcm
from pianotrans.datasets import file_of
from pianotrans.errors import DatasetError, MidiError, OutputError
from pianotrans.events import Performance, load_midi, midi_bytes
from pianotrans.files import make_folder, write_atomically
from pianotrans.piano import HIGHEST_KEY, LOWEST_KEY
from pianotrans.processes import work_on
from pianotrans.training.data.index import SPLITS
from pianotrans.training.synthesis.instrument import Instrument
from pianotrans.training.synthesis.staging import TAIL_S, Stage

RATE = 44_100
YEAR = 2000  # MAESTRO's own begin in 2004: data sets can be put together
INDEX = "maestro-synthetic"
RECIPE = "recipe.json"
INSTRUMENT = 2  # counts up when performances sound otherwise: no data set may hold both. 2: strings sing along
LONGEST_S = 3600.0  # 1.3 GB of samples while it is made

_COLUMNS = ("canonical_composer", "canonical_title", "split", "year", "midi_filename", "audio_filename", "duration")


@dataclass(frozen=True)
class SynthesisSettings:
    """What is made of every performance: `n_takes` recordings, each on a random stage, or one and dry."""

    seed: int = 0
    n_takes: int = 1
    dry: bool = False
    suffix: str = ".flac"

    def __post_init__(self) -> None:
        if self.dry and self.n_takes > 1:
            raise DatasetError(f"{self.n_takes} dry takes would all be the same. Ask for one, or leave dry out.")


@dataclass(frozen=True)
class Take:
    """One recording that is to be made of a performance."""

    name: str
    midi: Path
    digest: str  # of the MIDI file
    number: int
    split: str
    length_s: float


class Synthesis:
    """Makes a data set in the folder `out`; an interrupted run continues."""

    def __init__(
        self,
        sources: Sequence[tuple[str, Path]],
        instrument: Instrument,
        out: Path,
        settings: SynthesisSettings,
        shares: dict[str, float],
        *,
        overwrite: bool = False,
    ) -> None:
        """Read all MIDI files, given with the names of their recordings; nothing is written yet.

        `shares` says how the performances are split; all takes of one stay together. Those that cannot be played
        are in `refusals`; `remarks` has a line about each file in which something was wrong. Raises DatasetError
        if none can be played, or two have one name; OutputError where `out` holds anything else than what this
        began, unless it may be overwritten.
        """
        self.instrument = instrument
        self.out = out
        self.settings = settings
        self.refusals: list[MidiError] = []
        self.remarks: list[str] = []
        self.takes = tuple(self._plan(sources, shares))
        if not self.takes:
            raise DatasetError("none of the MIDI files can be played. Give some with notes of a piano.")
        takes = [[take.name, take.digest, take.split] for take in self.takes]
        made_of = {
            "settings": asdict(settings),
            "instrument": INSTRUMENT,
            "samples": instrument.digest,
            "takes": takes,
        }
        self._recipe = _json(made_of)
        self._goes_on = not overwrite and _check_folder(out, self._recipe)

    @property
    def length_s(self) -> float:
        """Seconds of sound that the data set will hold."""
        return sum(take.length_s for take in self.takes)

    def run(self, n_jobs: int = 1) -> Iterator[Take]:
        """Make every recording that is not there, in any order, then the index.

        Raises OutputError if something cannot be written, DatasetError for samples that are missing or damaged.
        """
        make_folder(self.out / str(YEAR))
        if not self._goes_on:
            self._clear()
        write_atomically(self.out / RECIPE, self._recipe, overwrite=True)
        todo = []
        for take in self.takes:
            if self._goes_on and all((self.out / path).is_file() for path in _files(take, self.settings)):
                yield take
            else:
                todo.append(take)
        make = partial(_make, out=self.out, instrument=self.instrument, settings=self.settings)
        yield from (take for take, _ in work_on(make, todo, n_jobs))
        rows = [_row(take, self.settings) for take in self.takes]
        write_atomically(self.out / f"{INDEX}.csv", _csv(rows), overwrite=True)
        write_atomically(self.out / f"{INDEX}.json", _table(rows), overwrite=True)

    def _clear(self) -> None:
        """Remove what another data set left in the places of ours, lest a later run take it for ours."""
        paths = [Path(RECIPE), Path(f"{INDEX}.csv"), Path(f"{INDEX}.json")]
        paths += [path for take in self.takes for path in _files(take, self.settings)]
        try:
            for path in paths:
                (self.out / path).unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                f"{self.out}: cannot be overwritten ({error.strerror}). Choose another folder."
            ) from error

    def _plan(self, sources: Sequence[tuple[str, Path]], shares: dict[str, float]) -> Iterator[Take]:
        playable: dict[str, tuple[Path, str, float]] = {}
        taken: dict[str, Path] = {}
        for name, path in sources:
            try:
                performance = load_midi(path, say=self.remarks.append)
                _check(performance, path)
            except MidiError as error:
                self.refusals.append(error)
                continue
            other = taken.setdefault(name.casefold(), path)
            if other != path:
                raise DatasetError(f"{other} and {path}: both would be called {name}. Rename one of them.")
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            playable[name] = (path, digest, performance.end_s + TAIL_S)
        digests = {name: digest for name, (_, digest, _) in playable.items()}
        splits = assign_splits(digests, shares, self.settings.seed)
        for name, (path, digest, length_s) in playable.items():
            for number in range(1, self.settings.n_takes + 1):
                suffix = f"_{number}" if self.settings.n_takes > 1 else ""
                yield Take(f"{name}{suffix}", path, digest, number, splits[name], length_s)


def assign_splits(digests: dict[str, str], shares: dict[str, float], seed: int) -> dict[str, str]:
    """The split of each performance: as near to the shares as can be, at random by the seed and the contents."""
    in_order = sorted(digests, key=lambda name: hashlib.sha256(f"{seed} {digests[name]} {name}".encode()).digest())
    whole, splits = sum(shares.values()), {}
    for i, name in enumerate(in_order):
        left = (i + 0.5) / len(in_order) * whole
        for split in SPLITS:
            left -= shares.get(split, 0.0)
            if left < 0:
                splits[name] = split
                break
    return splits


def _check(performance: Performance, path: Path) -> None:
    """Raise MidiError for what cannot be played on a piano."""
    if not performance.notes:
        raise MidiError(f"{path}: holds no notes. Leave it out.")
    if performance.end_s > LONGEST_S:
        raise MidiError(f"{path}: lasts {performance.end_s / 3600:.1f} h; at most 1 h can be played. Cut it up.")
    outside = [note.key for note in performance.notes if not LOWEST_KEY <= note.key <= HIGHEST_KEY]
    if outside:
        raise MidiError(
            f"{path}: holds notes that no piano has ({len(outside)}), such as key {outside[0]}. "
            "Transpose it, or leave it out."
        )


def _check_folder(out: Path, recipe: bytes) -> bool:
    """Whether `out` holds the beginning of this very data set. Raises OutputError if it holds anything else."""
    try:
        is_empty = not out.exists() or not any(out.iterdir())
        if is_empty:
            return False
        if (out / RECIPE).is_file() and (out / RECIPE).read_bytes() == recipe:
            return True
    except OSError as error:
        raise OutputError(f"{out}: cannot be used as a folder ({error.strerror}). Choose another.") from error
    raise OutputError(
        f"{out}: is not empty, and holds something else than this data set. Choose another folder, or pass "
        "--overwrite to write into it."
    )


def _make(take: Take, out: Path, instrument: Instrument, settings: SynthesisSettings) -> None:
    """Write the MIDI of a take, then its sound: where there is sound, both are there."""
    midi, audio = (out / path for path in _files(take, settings))
    content = midi_bytes(load_midi(take.midi))
    performance = load_midi(io.BytesIO(content))  # read back: what is played is what is written
    key = (settings.seed, int(take.digest[:16], 16), take.number)
    stage = Stage() if settings.dry else Stage.draw(key, RATE)
    sound = stage.record(performance, instrument, RATE)
    write_atomically(midi, content, overwrite=True)
    write_atomically(audio, encode_pcm([sound.T], RATE, 2, settings.suffix)[0], overwrite=True)


def _files(take: Take, settings: SynthesisSettings) -> tuple[Path, Path]:
    """Where the MIDI and the sound of a take lie in the data set."""
    folder = Path(str(YEAR))
    return folder / file_of(take.name, ".midi"), folder / file_of(take.name, settings.suffix)


def _row(take: Take, settings: SynthesisSettings) -> dict[str, str | int | float]:
    midi, audio = _files(take, settings)
    cells = ("", take.name, take.split, YEAR, midi.as_posix(), audio.as_posix(), round(take.length_s, 6))
    return dict(zip(_COLUMNS, cells, strict=True))


def _csv(rows: list[dict[str, str | int | float]]) -> bytes:
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, _COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return table.getvalue().encode()


def _table(rows: list[dict[str, str | int | float]]) -> bytes:
    """The json of MAESTRO v3: by column, then by row."""
    return _json({column: {str(i): row[column] for i, row in enumerate(rows)} for column in _COLUMNS})


def _json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=1).encode()
