"""Recordings transcribed one after the other in this process, each on its own: a failure is that recording's."""

import time
from dataclasses import replace
from typing import TYPE_CHECKING, TypeGuard

from pianotrans.commands.console import Reporter
from pianotrans.commands.transcribe.outputs import Job
from pianotrans.commands.transcribe.summary import Done
from pianotrans.commands.transcribe.writing import write
from pianotrans.errors import PianotransError
from pianotrans.workers.recipe import Recipe
from pianotrans.workers.storage import here

if TYPE_CHECKING:
    from pianotrans.inference.transcriber import Transcriber


def transcribe_one_by_one(
    planned: list[Job | PianotransError], recipe: Recipe, reporter: Reporter, *, overwrite: bool
) -> tuple[list[Done], int]:
    """Every job in turn, going on after a failure. Returns what was done and how many failed."""
    jobs = [job for job in planned if _can_start(job, recipe, reporter, overwrite=overwrite)]
    if not jobs:
        return [], len(planned)
    formats = {name for job in jobs for name in job.outputs}  # a suffix may have chosen one
    transcriber = _load(replace(recipe, formats=tuple(formats)), reporter)
    done = []
    for number, job in enumerate(jobs, 1):
        label = f"[{number}/{len(jobs)}] {job.source.name}" if len(jobs) > 1 else job.source.name
        try:
            done.append(_transcribe_one(transcriber, job, recipe, label, reporter, overwrite=overwrite))
        except Exception as error:  # one recording's failure, of whatever kind, is not the others'
            reporter.error(error if isinstance(error, PianotransError) else _unexpected(job, error))
    return done, len(planned) - len(done)


def _can_start(
    job: Job | PianotransError, recipe: Recipe, reporter: Reporter, *, overwrite: bool
) -> TypeGuard[Job]:
    """Tell early what cannot go well, before time is spent on loading a model."""
    from pianotrans.audio import open_audio

    try:
        if isinstance(job, PianotransError):
            raise job
        if not overwrite:
            job.check_free()
        open_audio(here(job.source), allow_truncated=recipe.allow_truncated).close()
    except PianotransError as error:
        reporter.error(error)
        return False
    return True


def _load(recipe: Recipe, reporter: Reporter) -> "Transcriber":
    start = time.monotonic()
    with reporter.waiting("Loading the model …"):
        from pianotrans.inference.transcriber import Transcriber

        transcriber = Transcriber(
            recipe.model,
            device=recipe.device,
            precision=recipe.precision,
            hop_s=recipe.hop_s,
            confidence=recipe.needs_confidence,
            say=reporter.say,
        )
    reporter.detail(
        f"model {transcriber.entry.name} from {transcriber.entry.weights_path}, on {transcriber.device}, "
        f"loaded in {time.monotonic() - start:.1f} s"
    )
    return transcriber


def _transcribe_one(
    transcriber: "Transcriber", job: Job, recipe: Recipe, label: str, reporter: Reporter, *, overwrite: bool
) -> Done:
    start = time.monotonic()
    with reporter.working(label) as meter:
        performance = transcriber.transcribe(
            here(job.source),
            on_progress=lambda progress: meter.update(progress.done_s, progress.total_s),
            allow_truncated=recipe.allow_truncated,
        )
    performance = write(performance, job, recipe, overwrite=overwrite)
    done = Done(job, performance, time.monotonic() - start)
    reporter.detail(f"{job.source}: {len(performance.notes)} notes in {done.took_s:.2f} s")
    return done


def _unexpected(job: Job, error: Exception) -> PianotransError:
    failure = PianotransError(f"{job.source}: unexpected {type(error).__name__}: {error}. --verbose shows where.")
    failure.__cause__ = error
    return failure
