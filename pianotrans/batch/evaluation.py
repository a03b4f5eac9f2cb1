"""A data set transcribed and scored: its recordings against its own MIDI."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

from pianotrans.audio import Reading, open_audio
from pianotrans.batch.collection import Destination, transcribe_items
from pianotrans.batch.item import Item
from pianotrans.batch.run import Options, RunWatcher
from pianotrans.datasets import (
    DatasetListing,
    Pair,
    check_duration,
    file_of,
    find_pairs,
    limit_pairs,
    load_reference,
    select_names,
)
from pianotrans.errors import EvaluationError, PianotransError
from pianotrans.evaluation import (
    Evaluation,
    EvaluationSettings,
    EvaluationWatcher,
    Failure,
    FilePair,
    Provenance,
    score_pairs,
)
from pianotrans.evaluation.texts import first_few
from pianotrans.files import make_folder
from pianotrans.inference.registry import default_model, find_model
from pianotrans.processes import work_apart
from pianotrans.workers.recipe import Recipe
from pianotrans.workers.storage import here

TRANSCRIPTIONS = "transcriptions"
"""The folder of an evaluation's output that keeps what was transcribed."""

_FORMATS = ("mid", "json")  # scores are those of MIDI; JSON holds confidences


class DatasetWatcher(EvaluationWatcher):
    """Is told what happens in the evaluation of a data set; this one keeps it to itself."""

    def warned(self, line: str) -> None:
        """Something about the data set is odd."""

    def checked(self, n_done: int, n_all: int) -> None:
        """The MIDI of `n_done` recordings has been read."""

    def transcribing(self) -> AbstractContextManager[RunWatcher]:
        """Who watches the transcription, for as long as it takes."""
        return nullcontext(RunWatcher())


def evaluate_dataset(
    root: str | os.PathLike[str],
    *,
    layout: str | None = None,
    split: str | None = None,
    name_filter: str | None = None,
    n_at_most: int | None = None,
    recipe: Recipe | None = None,
    settings: EvaluationSettings | None = None,
    output: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    n_jobs: int | None = None,
    watcher: DatasetWatcher | None = None,
) -> Evaluation:
    """Transcribe the recordings of a data set and score them against its MIDI.

        evaluation = pianotrans.evaluate_dataset("maestro-v3.0.0", split="test", output="results")
        evaluation.save("results")

    A recording or a reference that cannot be read does not stop the others.

    Args:
        root: The folder of the data set, or a csv of pairs.
        layout: How its files lie, a name in `datasets.LAYOUTS`; None to detect it.
        split: Which split to take; None for all.
        name_filter: Take only recordings whose name contains this, or matches it as a glob.
        n_at_most: Take only the first recordings, this many.
        recipe: Model, device, precision and hop, as a `workers.recipe.Recipe`; its formats and limit are not used.
        settings: What counts as correct, as `evaluation.EvaluationSettings`; only the part
            that counts is transcribed.
        output: Keep the transcriptions in this folder's `transcriptions`, where a later call uses them again;
            None keeps nothing.
        overwrite: Replace transcriptions there that are not from here.
        n_jobs: Number of processes; None is one to transcribe, and as many as are worth it to score. Scripts need
            `if __name__ == "__main__":`.
        watcher: Is told what happens.

    Raises:
        EvaluationError: Nothing can be scored.
        DatasetError: The data set cannot be read or has no such part.
        UsageError: The layout is unknown, or the model cannot have such a hop.
        ModelError, DeviceError, WorkerError, LedgerError, OutputError: Transcribing cannot begin or go on.
    """
    watcher = watcher or DatasetWatcher()
    settings = settings or EvaluationSettings()
    recipe = replace(recipe or Recipe(), formats=_FORMATS, reading=part_to_read(settings), scoring=None)
    listing = _select(find_pairs(layout, root, split), name_filter, n_at_most)
    provenance = Provenance(
        model=find_model(recipe.model or default_model()).name,
        hop_s=_hop_s(recipe),
        layout=listing.layout,
        split=split,
        name_filter=name_filter,
        n_at_most=n_at_most,
        precision=recipe.precision,
    )
    incomplete = tuple(map(str, listing.unmatched))
    for line in first_few(incomplete):
        watcher.warned(line)
    pairs, unreadable, warnings = _check(listing.pairs, watcher)
    options = Options(overwrite=overwrite, retry_failed=True, n_jobs=n_jobs or 1)
    with _folder(output) as folder:
        transcribed, untranscribed = _transcribe(pairs, folder, recipe, options, watcher)
        pieces, unscored = score_pairs(transcribed, settings, n_jobs=n_jobs, watcher=watcher)
    failures = (*unreadable, *untranscribed, *unscored)
    if not pieces:
        raise EvaluationError(
            "nothing was scored: every recording or its MIDI failed. "
            f"The first is {failures[0].name}: {failures[0].reason}"
        )
    return Evaluation(
        settings, pieces, failures=failures, provenance=provenance, incomplete=incomplete, warnings=warnings
    )


def _select(listing: DatasetListing, name_filter: str | None, n_at_most: int | None) -> DatasetListing:
    if name_filter is not None:
        listing = select_names(listing, name_filter)
    return listing if n_at_most is None else limit_pairs(listing, n_at_most)


def part_to_read(settings: EvaluationSettings) -> Reading:
    """The part of the recordings that counts."""
    return Reading(settings.start_s, None if settings.limit_s is None else settings.end_s)


def _hop_s(recipe: Recipe) -> float:
    """Between the starts of two segments; asked for before any work is done, as a wrong one is refused."""
    from pianotrans.inference.segments import SegmentPlan

    config = find_model(recipe.model or default_model()).config()
    SegmentPlan.of(config, recipe.hop_s)
    return config.segments.hop_s if recipe.hop_s is None else recipe.hop_s


def _check(
    pairs: Sequence[Pair], watcher: DatasetWatcher
) -> tuple[list[Pair], tuple[Failure, ...], tuple[str, ...]]:
    """The pairs whose MIDI can be read, those that cannot, and warnings of durations that do not go together.

    This comes before the hours of transcribing. Only the headers of recordings are read, in another process as
    they may be made to crash it; where one does not tell the duration there is no warning.
    """
    readable, failures, warnings = [], [], []
    lengths_s = dict(work_apart(_length_s, [pair.audio for pair in pairs], 1))
    for n_done, pair in enumerate(pairs, 1):
        try:
            midi_s = load_reference(pair.midi).duration_s
        except PianotransError as error:
            failures.append(Failure(pair.name, str(error)))
            watcher.failed(failures[-1])
        else:
            readable.append(pair)
            audio_s = lengths_s[pair.audio]
            warning = check_duration(pair, audio_s, midi_s) if isinstance(audio_s, float) else None
            if warning is not None:
                warnings.append(warning)
                watcher.warned(warning)
        watcher.checked(n_done, len(pairs))
    return readable, tuple(failures), tuple(warnings)


def _length_s(audio: Path) -> float | None:
    """The length of a recording by its header; None if that does not tell it, or the recording cannot be read."""
    try:
        with open_audio(audio, Reading(allow_damaged=True)) as reader:
            return reader.info.duration_s
    except PianotransError:
        return None


@contextmanager
def _folder(output: str | os.PathLike[str] | None) -> Iterator[Path]:
    """Where transcriptions are, or will be."""
    if output is None:
        with tempfile.TemporaryDirectory(prefix="pianotrans-") as folder:
            yield Path(folder)
    else:
        kept = Path(output) / TRANSCRIPTIONS
        make_folder(kept)
        yield kept


def _transcribe(
    pairs: Sequence[Pair], folder: Path, recipe: Recipe, options: Options, watcher: DatasetWatcher
) -> tuple[list[FilePair], tuple[Failure, ...]]:
    """What can be scored now, and what cannot be transcribed. What failed before is tried again."""
    items = [
        Item(pair.name, pair.audio, {name: folder / file_of(pair.name, f".{name}") for name in recipe.formats})
        for pair in pairs
    ]
    with watcher.transcribing() as run_watcher:
        outcomes = transcribe_items(items, Destination(folder), recipe, options, run_watcher).outcomes
    transcribed = [
        FilePair(pair.name, pair.midi, here(outcome.item.outputs["mid"]), here(outcome.item.outputs["json"]))
        for pair, outcome in zip(pairs, outcomes, strict=True)
        if outcome.is_good
    ]
    failures = [Failure(one.item.name, one.error or "unknown") for one in outcomes if not one.is_good]
    return transcribed, tuple(failures)
