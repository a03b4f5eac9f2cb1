"""`pianotrans synthesize`: MIDI performances played on recorded samples, as a data set."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pianotrans.commands import options
from pianotrans.commands.console import Reporter, clock
from pianotrans.commands.exits import exits
from pianotrans.errors import FAILED, UsageError

if TYPE_CHECKING:
    from pianotrans.training.synthesis import Synthesis

_CONTINUES = "The same command continues where this run stopped. Nothing half-written is left."


class SoundFormat(StrEnum):
    """Format of the sound files."""

    flac = "flac"
    wav = "wav"


def synthesize(
    inputs: Annotated[list[Path], typer.Argument(metavar="MIDI…", help="MIDI files, or folders that hold some.")],
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="Folder of the data set: new, or begun by an earlier run.")
    ],
    samples: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER|SF2|SF3",
            help="Recorded samples of a piano, named like A4v8.ogg; those of the Salamander Grand Piano do. Or a "
            "soundfont, whose first preset is played.",
        ),
    ],
    takes: Annotated[int, typer.Option(min=1, metavar="N", help="Record each performance this often.")] = 1,
    seed: options.Seed = 0,
    dry: Annotated[
        bool, typer.Option("--dry", help="Play the samples as they are: in tune, without room and noise.")
    ] = False,
    split: Annotated[
        str,
        typer.Option(
            metavar="NAME|SHARES",
            help="Split of the recordings, or shares of several: train=8,validation=1,test=1.",
        ),
    ] = "train",
    audio_format: Annotated[
        SoundFormat, typer.Option("--format", help="Format of the sound files.")
    ] = SoundFormat.flac,
    jobs: options.Jobs = 1,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Render MIDI performances into a data set in MAESTRO's layout.

    Each take has a tuning, room, noise and level of its own, drawn from the seed. The licence of the samples also
    holds for the sound. Exit codes: 0 all done, 1 some MIDI files cannot be played (the others are done), 2 wrong
    usage, 130 interrupted: the same command continues where it stopped.
    """
    reporter = Reporter(quiet=quiet, verbose=verbose)
    with exits(reporter, _CONTINUES):
        shares = parse_split(split)
        if dry and takes > 1:
            raise UsageError(f"{takes} dry takes would all be the same. Ask for one.", "takes")
        from pianotrans.training.synthesis import Synthesis, SynthesisSettings, open_instrument

        instrument = open_instrument(samples)
        settings = SynthesisSettings(seed, takes, dry, f".{audio_format}")
        with reporter.waiting("Reading the MIDI …"):
            synthesis = Synthesis([*_sources(inputs)], instrument, out, settings, shares, overwrite=overwrite)
        for remark in synthesis.remarks:
            reporter.say(remark)
        for refusal in synthesis.refusals:
            reporter.error(refusal)
        _run(synthesis, jobs or 1, reporter)
        reporter.say(f"{len(synthesis.takes)} recordings, {clock(synthesis.length_s)} of sound: {out}")
        if synthesis.refusals:
            raise typer.Exit(FAILED)


def parse_split(given: str) -> dict[str, float]:
    """`train` → {"train": 1.0}, `train=8,test=2` → {"train": 8.0, "test": 2.0}. Raises UsageError."""
    from pianotrans.training.data.index import SPLITS

    shares: dict[str, float] = {}
    for part in given.split(","):
        name, _, share = part.partition("=")
        name = name.strip()
        try:
            value = float(share) if share else 1.0
        except ValueError:
            value = -1.0
        if name not in SPLITS or name in shares or not 0 < value < float("inf"):
            raise UsageError(
                f"{part!r} is not a split. Give one of {', '.join(SPLITS)}, or shares such as train=8,test=2.",
                "split",
            )
        shares[name] = value
    return shares


def _sources(inputs: list[Path]) -> Iterator[tuple[str, Path]]:
    """Every MIDI file with the name of its recording. Raises DatasetError for a folder without any."""
    from pianotrans.datasets.files import walk_files
    from pianotrans.datasets.naming import stem_name
    from pianotrans.errors import DatasetError
    from pianotrans.events import MIDI_SUFFIXES

    for given in inputs:
        if not given.is_dir():
            yield stem_name(Path(given.name)), given
            continue
        found = [path for path in walk_files(given) if path.suffix.lower() in MIDI_SUFFIXES]
        if not found:
            raise DatasetError(f"{given}: no MIDI files in this folder. Name one that holds some.")
        yield from ((stem_name(path).replace("/", "_"), given / path) for path in found)


def _run(synthesis: "Synthesis", n_jobs: int, reporter: Reporter) -> None:
    done_s = 0.0
    with reporter.working(synthesis.out.name or "data set") as meter:
        for take in synthesis.run(n_jobs):
            done_s += take.length_s
            reporter.detail(f"{take.name}: {clock(take.length_s)}, {take.split}")
            meter.update(done_s, synthesis.length_s)
