"""Collections of files that are no recordings, and a pool that does not mind: its workers are scripts."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pianotrans.batch import Item, Ledger, Options, Outcome, Run, RunWatcher
from pianotrans.errors import PianotransError
from pianotrans.workers.messages import Failed, Finished, Message, Ready, Said, Task, Unable
from pianotrans.workers.pool import Report
from pianotrans.workers.recipe import Recipe
from pianotrans.workers.worker import do_task, load

TINY = Recipe(
    model="tiny", device="cpu", precision="float32", scoring=None
)  # the same notes on any number of threads

Answer = Callable[[Task], Message | BaseException]


def collection(folder: Path, *names: str) -> list[Item]:
    """Files with contents of their own, each with an output below `folder`/out."""
    items = []
    for name in names:
        source = folder / "in" / name
        source.parent.mkdir(parents=True, exist_ok=True)
        if not source.exists():
            source.write_bytes(os.fsencode(f"recording {name}"))
        place = Path(name)
        items.append(Item.of(place, source, {"mid": folder / "out" / place.with_suffix(".mid")}))
    return items


def finished(task: Task) -> Message:
    """The content of the output tells what it was made from."""
    return Finished({"mid": b"MIDI of " + task.source.read_bytes()}, 10.0, 1.0, 5, 2)


def failed(task: Task) -> Message:
    return Failed(f"{task.source}: no good.", "trace", 1.0)


class ScriptedPool:
    """Answers tasks in this process; an answer that is an exception is raised, as Ctrl-C would be."""

    def __init__(self, answer: Answer = finished, n_workers: int = 1):
        self.answer, self.n_workers = answer, n_workers
        self.tasks: list[Task] = []
        self.given: list[str] = []
        self.is_started = False

    @property
    def n_idle(self) -> int:
        return self.n_workers - len(self.tasks)

    def start(self) -> None:
        self.is_started = True

    def give(self, task: Task) -> None:
        assert self.is_started
        assert self.n_idle
        self.given.append(task.name)
        self.tasks.append(task)

    def listen(self, timeout_s: float) -> Iterator[Report]:  # noqa: ARG002 - scripts are always ready
        while self.tasks:
            task = self.tasks[0]
            message = self.answer(task)
            if isinstance(message, BaseException):
                raise message
            self.tasks.pop(0)
            yield Report(task, message)

    def close(self) -> None:
        self.tasks.clear()


class Noted(RunWatcher):
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []

    def surveyed(self, todo: list[Item], before: list[Outcome], n_taken: int) -> None:
        self.calls.append(("surveyed", len(todo), len(before), n_taken))

    def started(self, item: Item) -> None:
        self.calls.append(("started", item.name))

    def ended(self, outcome: Outcome) -> None:
        self.calls.append(("ended", outcome.item.name, outcome.end))


def run(
    items: list[Item],
    out: Path,
    pool: ScriptedPool | None = None,
    recipe: Recipe = TINY,
    watcher: RunWatcher | None = None,
    **options: int,
) -> tuple[dict[str, Outcome], ScriptedPool]:
    """One run; its outcomes by name, and the pool that it used."""
    pool = pool or ScriptedPool()
    out.mkdir(exist_ok=True)
    with Ledger(out) as ledger:
        outcomes = Run(items, recipe, ledger, Options(**options), watcher, lambda *_: pool).go()  # type: ignore
    assert [outcome.item.source for outcome in outcomes] == [item.source for item in items]
    return {outcome.item.name: outcome for outcome in outcomes}, pool


class PoolHere:
    """Transcribes in this process: nothing to start, and nothing to wait for."""

    def __init__(self, recipe: Recipe):
        self._recipe = recipe
        self._transcriber: Any = None
        self.tasks: list[Task] = []

    @property
    def n_idle(self) -> int:
        return 0 if self._transcriber is None else 1 - len(self.tasks)

    def start(self) -> None: ...

    def give(self, task: Task) -> None:
        assert self.n_idle
        self.tasks.append(task)

    def listen(self, timeout_s: float) -> Iterator[Report]:  # noqa: ARG002 - it is always ready
        task = self.tasks[0] if self.tasks else None
        messages: list[Message] = []
        if self._transcriber is None:
            messages.append(self._load(messages.append))
        elif task is not None:
            messages.append(do_task(self._transcriber, self._recipe, task, messages.append))
            self.tasks.clear()
        yield from (Report(task, message) for message in messages)

    def close(self) -> None:
        self.tasks.clear()

    def _load(self, tell: Callable[[Message], None]) -> Message:
        try:
            self._transcriber = load(self._recipe, lambda line: tell(Said(line)))
        except PianotransError as error:
            return Unable(error)
        return Ready(str(self._transcriber.device), self._transcriber.entry.name)


def pool_here(recipe: Recipe, n_workers: int = 1) -> PoolHere:
    return PoolHere(recipe)
