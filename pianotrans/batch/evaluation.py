"""A data set transcribed and scored: its recordings against its own MIDI."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from pianotrans.audio import Reading, open_audio
from pianotrans.audio.degradation import Degradation
from pianotrans.batch.dataset_watcher import DatasetWatcher
from pianotrans.batch.measuring import FORMATS_TO_SCORE, Work, degraded_work, how_much, measure, steps_of
from pianotrans.batch.run import Options
from pianotrans.datasets import (
    DatasetListing,
    Pair,
    check_duration,
    find_pairs,
    limit_pairs,
    load_reference,
    select_names,
)
from pianotrans.errors import EvaluationError, PianotransError
from pianotrans.evaluation import (
    Evaluation,
    EvaluationSettings,
    Failure,
    Provenance,
    RobustnessStep,
    default_jobs,
    score_trivial,
)
from pianotrans.evaluation.texts import first_few
from pianotrans.inference.registry import default_model, find_model
from pianotrans.processes import work_apart
from pianotrans.workers.recipe import Recipe

TRANSCRIPTIONS, DEGRADED = "transcriptions", "degraded"
"""The folders of an evaluation's output that keep what was transcribed, also of recordings made worse."""


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
        recipe: Model, device, precision, hop, tuning, pedal bias and declipping, as a `workers.recipe.Recipe`; its
            formats and limit are not used.
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
    recipe = replace(recipe or Recipe(), formats=FORMATS_TO_SCORE, reading=part_to_read(settings), scoring=None)
    listing = _select(find_pairs(layout, root, split), name_filter, n_at_most)
    provenance = Provenance(
        model=find_model(recipe.model or default_model()).name,
        hop_s=_hop_s(recipe),
        layout=listing.layout,
        split=split,
        name_filter=name_filter,
        n_at_most=n_at_most,
        precision=recipe.precision,
        tuning=recipe.tuning,
        pedal_bias=recipe.pedal_bias,
        declip=recipe.declip,
    )
    incomplete = tuple(map(str, listing.unmatched))
    for line in first_few(incomplete):
        watcher.warned(line)
    pairs, unreadable, warnings = _check(listing.pairs, watcher)
    options = Options(overwrite=overwrite, retry_failed=True, n_jobs=n_jobs or 1)
    with _folder(output) as folder:
        measured = partial(
            measure, recipe=recipe, options=options, settings=settings, n_jobs=n_jobs, watcher=watcher
        )
        clean = measured([Work(pair.name, pair) for pair in pairs], folder / TRANSCRIPTIONS)
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
            watcher.degrading(how_much(clean, len(degradations)))
            harmed = measured(degraded_work(scored, degradations, seed), folder / DEGRADED)
            failures += harmed.failures
            steps = steps_of(degradations, harmed.pieces)
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
