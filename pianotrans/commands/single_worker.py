"""One worker process for the recordings that a command names, with its progress shown.

Recordings are of unknown origin: one that crashes the decoder ends the worker, not the command.
"""

import json
import time
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import typer

from pianotrans.audio import check_file
from pianotrans.commands.console import Meter, Reporter
from pianotrans.errors import FAILED, AudioError, WorkerError
from pianotrans.events import Performance
from pianotrans.inference.registry import ModelEntry, default_model, find_model
from pianotrans.workers.messages import Died, Failed, Finished, Progressed, Ready, Said, Task, Unable
from pianotrans.workers.pool import Pool
from pianotrans.workers.recipe import Recipe

_LISTEN_S = 1.0


def transcribe_first(source: Path, recipe: Recipe, reporter: Reporter) -> Performance:
    """The performance of a recording that a command works on; `recipe` need not name a format.

    Raises AudioError for a file that is none, and typer.Exit for a failure, which has been shown.
    """
    check_file(source)  # before time is spent on loading a model
    with SingleWorker(replace(recipe, formats=("json",), scoring=None), reporter) as worker:
        answer = worker.do(Task(source.name, source), source.name)
    if isinstance(answer, Failed):
        raise typer.Exit(FAILED)
    return Performance.from_dict(json.loads(answer.contents["json"]))


class SingleWorker:
    """Transcribes one recording after another; a context manager that ends the process."""

    def __init__(self, recipe: Recipe, reporter: Reporter):
        """Prepare it; the process starts with the first recording."""
        self._recipe, self._reporter = recipe, reporter
        self._pool = Pool(recipe)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()

    def do(self, task: Task, label: str) -> Finished | Failed:
        """The results of one recording, whose progress is shown under a label; a failure is shown, too.

        Raises ModelError, DeviceError or UsageError if the model cannot be loaded as asked, WorkerError if the
        process dies before it is ready.
        """
        if not self._pool.n_idle:  # the first one, or the last one died
            self._start()
        with self._reporter.working(label) as meter:
            self._pool.give(task)
            answer = self._answer(task, meter)
        if isinstance(answer, Failed):
            self._reporter.detail(answer.trace.rstrip())
            self._reporter.error(AudioError(answer.error))
        return answer

    def _start(self) -> None:
        start_s = time.monotonic()
        entry = find_model(self._recipe.model or default_model())
        with self._reporter.waiting("Loading the model …"):
            if not entry.weights_path.exists():
                self._fetch(entry)
            self._pool.start()
            ready = self._first_word()
        self._reporter.detail(
            f"model {ready.model} from {entry.weights_path}, on {ready.device}, "
            f"loaded in {time.monotonic() - start_s:.1f} s"
        )

    def _fetch(self, entry: ModelEntry) -> None:
        """Fetch the weights from here: Ctrl-C ends a worker at once, and what fetches for it would be left over."""
        from pianotrans.inference.pull import pull

        pull(entry, say=self._reporter.say)

    def _first_word(self) -> Ready:
        while True:
            for _, message in self._pool.listen(_LISTEN_S):
                if isinstance(message, Ready):
                    return message
                if isinstance(message, Said):
                    self._reporter.say(message.line)
                if isinstance(message, Unable):
                    raise message.error
                if isinstance(message, Died):
                    raise WorkerError(
                        f"worker process: {message.reason}, before it was ready. Free some memory, and try again."
                    )

    def _answer(self, task: Task, meter: Meter) -> Finished | Failed:
        while True:
            for _, message in self._pool.listen(_LISTEN_S):
                if isinstance(message, Progressed):
                    meter.update(message.done_s, message.total_s)
                if isinstance(message, Finished | Failed):
                    return message
                if isinstance(message, Died):
                    return Failed(
                        f"{task.title or task.source}: the worker process died while working on it "
                        f"({message.reason}). The file may be damaged, or memory too small.",
                        trace="",
                        took_s=0.0,
                    )
