"""Collections of files that are no recordings, and a pool that does not mind: its workers are scripts."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from pianotrans.batch import Item, Ledger, Options, Outcome, Run, RunWatcher
from pianotrans.workers.messages import Failed, Finished, Message, Task
from pianotrans.workers.pool import Report
from pianotrans.workers.recipe import Recipe

TINY = Recipe(model="tiny", device="cpu", precision="float32")  # the same notes on any number of threads

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


def pool_here(recipe: Recipe, n_workers: int = 1) -> ScriptedPool:
    """A pool that transcribes in this process: nothing to load again, and nothing to wait for."""
    from pianotrans.inference.transcriber import Transcriber
    from pianotrans.workers.messages import Unable
    from pianotrans.workers.worker import do_task

    loaded: list[Transcriber] = []

    def answer(task: Task) -> Message:
        try:
            if not loaded:
                loaded.append(
                    Transcriber(recipe.model, device=recipe.device, precision=recipe.precision, hop_s=recipe.hop_s)
                )
        except Exception as error:
            return Unable(error)
        return do_task(loaded[0], recipe, task, lambda _: None)

    return ScriptedPool(answer)
