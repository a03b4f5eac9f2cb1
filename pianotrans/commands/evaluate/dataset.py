"""`pianotrans evaluate --dataset ROOT`: the recordings of a data set transcribed, and scored by its MIDI."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.progress import track

from pianotrans.batch import Destination, Item, Options
from pianotrans.batch.estimate import header_duration_s
from pianotrans.commands.console import Reporter
from pianotrans.commands.evaluate.midi import score_pairs, tell_failure
from pianotrans.commands.transcribe.collection import GO_ON, run_collection
from pianotrans.datasets import (
    DatasetListing,
    Layout,
    Pair,
    check_duration,
    file_of,
    find_pairs,
    limit_pairs,
    load_reference,
    select_names,
)
from pianotrans.errors import EvaluationError, PianotransError, UsageError
from pianotrans.evaluation import Evaluation, EvaluationSettings, Failure, FilePair, Provenance
from pianotrans.evaluation.texts import first_few
from pianotrans.files import make_folder
from pianotrans.inference.registry import default_model, find_model
from pianotrans.workers.recipe import Recipe
from pianotrans.workers.storage import here

FOLDER = "transcriptions"


@dataclass(frozen=True)
class Part:
    """Which recordings of which data set."""

    root: Path
    layout: str | None = None
    split: str | None = None
    name_filter: str | None = None
    n_at_most: int | None = None

    def listing(self) -> DatasetListing:
        """What there is of it. Raises DatasetError if that is nothing, UsageError for no layout."""
        if self.layout is not None and self.layout not in list(Layout):
            raise UsageError(f"{self.layout!r} is none of {', '.join(Layout)}.", "layout")
        listing = find_pairs(self.layout, self.root, self.split)
        if self.name_filter is not None:
            listing = select_names(listing, self.name_filter)
        return listing if self.n_at_most is None else limit_pairs(listing, self.n_at_most)


@dataclass(frozen=True)
class Work:
    """How to go about it; none of this changes a score."""

    out: Path | None  # keeps the transcriptions
    overwrite: bool
    jobs: int | None


def score_dataset(
    part: Part, recipe: Recipe, settings: EvaluationSettings, work: Work, reporter: Reporter
) -> Evaluation:
    """Transcribe what was not transcribed before, score everything, tell of all that has no score.

    A recording or a reference that cannot be read does not stop the others. Raises EvaluationError if nothing
    can be scored, and for the data set, the model or the device as a whole what is raised for these.
    """
    listing = part.listing()
    provenance = Provenance(
        find_model(recipe.model or default_model()).name,
        _hop_s(recipe),
        listing.layout,
        part.split,
        part.name_filter,
        part.n_at_most,
        recipe.precision,
    )
    incomplete = tuple(map(str, listing.unmatched))
    for line in first_few(incomplete):
        reporter.warn(line)
    pairs, unreadable, warnings = _check(listing.pairs, reporter)
    with _folder(work.out, reporter) as folder:
        transcribed, untranscribed = _transcribe(pairs, folder, recipe, work, reporter)
        pieces, unscored = score_pairs(transcribed, settings, work.jobs, reporter)
    failures = (*unreadable, *untranscribed, *unscored)
    if not pieces:
        raise EvaluationError("nothing was scored: every recording or its MIDI failed. See the lines above.")
    if failures:
        reporter.say(f"{len(pieces)} of {len(listing.pairs)} recordings scored.")
    return Evaluation(
        settings, pieces, failures=failures, provenance=provenance, incomplete=incomplete, warnings=warnings
    )


def _hop_s(recipe: Recipe) -> float:
    """Between the starts of two segments; asked for before any work is done, as a wrong one is refused."""
    from pianotrans.inference.segments import SegmentPlan

    config = find_model(recipe.model or default_model()).config()
    SegmentPlan.of(config, recipe.hop_s)
    return config.segments.hop_s if recipe.hop_s is None else recipe.hop_s


def _check(pairs: Sequence[Pair], reporter: Reporter) -> tuple[list[Pair], tuple[Failure, ...], tuple[str, ...]]:
    """The pairs whose MIDI can be read, those that cannot, and warnings of durations that do not go together.

    This comes before the hours of transcribing. Of audio only headers are read; where one does not tell the
    duration there is no warning.
    """
    readable, failures, warnings = [], [], []
    for pair in track(
        pairs,
        description="reading the MIDI",
        console=reporter.console,
        transient=True,
        disable=reporter.quiet or reporter.is_plain,
    ):
        try:
            midi_s = load_reference(pair.midi).duration_s
        except PianotransError as error:
            failures.append(Failure(pair.name, str(error)))
            tell_failure(failures[-1], reporter)
            continue
        readable.append(pair)
        audio_s = header_duration_s(pair.audio)
        warning = None if audio_s is None else check_duration(pair, audio_s, midi_s)
        if warning is not None:
            warnings.append(warning)
            reporter.warn(warning)
    return readable, tuple(failures), tuple(warnings)


@contextmanager
def _folder(out: Path | None, reporter: Reporter) -> Iterator[Path]:
    """Where transcriptions are, or will be."""
    if out is None:
        reporter.say("The transcriptions are not kept. With --out DIR they are, and are used again by a later run.")
        with tempfile.TemporaryDirectory(prefix="pianotrans-") as folder:
            yield Path(folder)
        return
    make_folder(out / FOLDER)
    try:
        yield out / FOLDER
    except KeyboardInterrupt:
        reporter.say(GO_ON)
        raise


def _transcribe(
    pairs: Sequence[Pair], folder: Path, recipe: Recipe, work: Work, reporter: Reporter
) -> tuple[list[FilePair], tuple[Failure, ...]]:
    """What can be scored now, and what cannot be transcribed. What failed before is tried again."""
    items = [
        Item(pair.name, pair.audio, {name: folder / file_of(pair.name, f".{name}") for name in recipe.formats})
        for pair in pairs
    ]
    options = Options(overwrite=work.overwrite, retry_failed=True, n_jobs=work.jobs or 1)
    outcomes = run_collection(items, Destination(folder), recipe, options, reporter).outcomes
    transcribed = [
        FilePair(pair.name, pair.midi, here(outcome.item.outputs["mid"]), here(outcome.item.outputs["json"]))
        for pair, outcome in zip(pairs, outcomes, strict=True)
        if outcome.is_good
    ]
    failures = [Failure(one.item.name, one.error or "unknown") for one in outcomes if not one.is_good]
    return transcribed, tuple(failures)
