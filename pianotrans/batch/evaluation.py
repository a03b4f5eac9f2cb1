"""A data set transcribed and scored: its recordings against its own MIDI."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pianotrans.audio import Reading, open_audio
from pianotrans.audio.degradation import Degradation, DegradedReading
from pianotrans.batch.collection import Destination, transcribe_items
from pianotrans.batch.item import End, Item
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
    PieceScores,
    Provenance,
    RobustnessStep,
    default_jobs,
    score_pairs,
    score_trivial,
)
from pianotrans.evaluation.texts import first_few, n_pieces
from pianotrans.files import make_folder
from pianotrans.inference.registry import default_model, find_model
from pianotrans.processes import work_apart
from pianotrans.workers.recipe import Recipe
from pianotrans.workers.storage import here

TRANSCRIPTIONS, DEGRADED = "transcriptions", "degraded"
"""The folders of an evaluation's output that keep what was transcribed, also of recordings made worse."""

_FORMATS = ("mid", "json")  # scores are those of MIDI; JSON holds confidences


class DatasetWatcher(EvaluationWatcher):
    """Is told what happens in the evaluation of a data set; this one keeps it to itself."""

    def warned(self, line: str) -> None:
        """Something about the data set is odd."""

    def checked(self, n_done: int, n_all: int) -> None:
        """The MIDI of `n_done` recordings has been read."""

    def degrading(self, line: str) -> None:
        """Degraded recordings come next; the line says how much work they are."""

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
    sanity: bool = False,
    degradations: Sequence[Degradation] = (),
    seed: int = 0,
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
        sanity: Score trivial transcriptions, too.
        degradations: Transcribe and score all recordings with each of these, too (see `audio.degradation`). Each
            takes as long as the recordings themselves, which are held in memory one at a time in every process.
        seed: Of what is left to chance in a degradation, together with the names of degradation and recording.
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
        measure = partial(
            _measure, recipe=recipe, options=options, settings=settings, n_jobs=n_jobs, watcher=watcher
        )
        clean = measure([_Work(pair.name, pair) for pair in pairs], folder / TRANSCRIPTIONS)
        failures = (*unreadable, *clean.failures)
        if not clean.pieces:
            raise EvaluationError(
                "nothing was scored: every recording or its MIDI failed. "
                f"The first is {failures[0].name}: {failures[0].reason}"
            )
        names = {piece.name for piece in clean.pieces}
        scored = [pair for pair in pairs if pair.name in names]
        steps: tuple[RobustnessStep, ...] = ()
        if degradations:
            watcher.degrading(_how_much(clean, len(degradations)))
            harmed = measure(_degraded(scored, degradations, seed), folder / DEGRADED)
            failures += harmed.failures
            steps = _steps(degradations, harmed.pieces)
    references = {pair.name: pair.midi for pair in scored}
    return Evaluation(
        settings,
        clean.pieces,
        failures=failures,
        provenance=provenance,
        incomplete=incomplete,
        warnings=warnings,
        sanity=score_trivial(references, settings, n_jobs=n_jobs or default_jobs(len(scored))) if sanity else (),
        robustness=steps,
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
    """Where the folders of transcriptions are, or will be."""
    if output is None:
        with tempfile.TemporaryDirectory(prefix="pianotrans-") as folder:
            yield Path(folder)
    else:
        yield Path(output)


@dataclass(frozen=True)
class _Work:
    """A recording to transcribe and score under a name of its own, perhaps made worse first."""

    name: str
    pair: Pair
    degraded: DegradedReading | None = None

    def item(self, folder: Path, formats: Sequence[str]) -> Item:
        outputs = {name: folder / file_of(self.name, f".{name}") for name in formats}
        return Item(self.name, self.pair.audio, outputs, self.degraded)

    def to_score(self, item: Item) -> FilePair:
        time_map = None if self.degraded is None else self.degraded.degradation.time_map
        midi, confident = (here(item.outputs[name]) for name in _FORMATS)
        moved = None if time_map is None else time_map.there
        return FilePair(self.name, self.pair.midi, midi, confident, moved)


def _degraded(pairs: Sequence[Pair], degradations: Sequence[Degradation], seed: int) -> list[_Work]:
    """All recordings with one degradation, then with the next."""
    return [
        _Work(f"{one.label}/{pair.name}", pair, DegradedReading(one, f"{seed} {pair.name}"))
        for one in degradations
        for pair in pairs
    ]


class _Measured(NamedTuple):
    """What was scored and what could not be; how long the recordings are, and how long new ones took."""

    pieces: tuple[PieceScores, ...]
    failures: tuple[Failure, ...]
    audio_s: float
    new_audio_s: float
    took_s: float


def _measure(
    work: Sequence[_Work],
    folder: Path,
    *,
    recipe: Recipe,
    options: Options,
    settings: EvaluationSettings,
    n_jobs: int | None,
    watcher: DatasetWatcher,
) -> _Measured:
    """Transcribe and score; the transcriptions are kept in the folder. What failed before is tried again."""
    make_folder(folder)
    items = [one.item(folder, recipe.formats) for one in work]
    with watcher.transcribing() as run_watcher:
        outcomes = transcribe_items(items, Destination(folder), recipe, options, run_watcher).outcomes
    good = [(one, outcome) for one, outcome in zip(work, outcomes, strict=True) if outcome.is_good]
    untranscribed = [Failure(one.item.name, one.error or "unknown") for one in outcomes if not one.is_good]
    to_score = [one.to_score(outcome.item) for one, outcome in good]
    pieces, unscored = score_pairs(to_score, settings, n_jobs=n_jobs, watcher=watcher)
    new = [outcome for _, outcome in good if outcome.end is End.done]
    return _Measured(
        pieces,
        (*untranscribed, *unscored),
        audio_s=sum(outcome.audio_s for _, outcome in good),
        new_audio_s=sum(outcome.audio_s for outcome in new),
        took_s=sum(outcome.took_s for outcome in new),
    )


def _how_much(clean: _Measured, n_degradations: int) -> str:
    """How much work the degraded recordings are, by the clean ones that have just been transcribed."""
    all_s = clean.audio_s * n_degradations
    line = f"{n_pieces(len(clean.pieces))}, degraded in {n_degradations} ways: {_in_minutes(all_s)} of sound"
    if clean.new_audio_s:
        line += f", about {_in_minutes(all_s * clean.took_s / clean.new_audio_s)} of work for one process"
    return f"{line}. With --seconds it is less."


def _in_minutes(seconds: float) -> str:
    """A time for people: 40 s, 12 min, 2.5 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def _steps(degradations: Sequence[Degradation], pieces: Sequence[PieceScores]) -> tuple[RobustnessStep, ...]:
    """The pieces by the degradation that their names begin with."""
    return tuple(
        RobustnessStep(
            one.name,
            one.level if one.kind.levels else None,
            one.kind.unit,
            tuple(piece for piece in pieces if piece.name.startswith(f"{one.label}/")),
        )
        for one in degradations
    )
