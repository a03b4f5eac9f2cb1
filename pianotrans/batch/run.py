"""The run: what the ledger leaves to do is handed to the workers, and what comes back is written."""

import time
from collections import Counter, deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from pianotrans.batch.delivery import deliver, sweep
from pianotrans.batch.identity import identify
from pianotrans.batch.item import End, Item, Outcome
from pianotrans.batch.judging import Judgement, Verdict, check_outputs, judge
from pianotrans.batch.ledger import EntryState, Ledger
from pianotrans.batch.owners import HEARTBEAT_S
from pianotrans.errors import AudioError, LedgerError, OutputError, WorkerError
from pianotrans.workers.messages import Died, Failed, Finished, Progressed, Ready, Said, Task, Unable
from pianotrans.workers.pool import Pool, PoolMaker, Report
from pianotrans.workers.recipe import Recipe
from pianotrans.workers.storage import list_once

_LISTEN_S = 0.5
_LOOK_AGAIN_S = 2.0  # at what another run is at work on
_DEATHS = 2  # of workers over one recording, until it is held to be the reason


@dataclass(frozen=True)
class Options:
    """How to go about a run; none of this changes its results."""

    overwrite: bool = False
    retry_failed: bool = False
    n_jobs: int = 1


class RunWatcher:
    """Is told what happens in a run; this one keeps it to itself."""

    def surveyed(self, todo: list[Item], before: list[Outcome], n_taken: int) -> None:
        """What is to be done, what needs nothing, and how many another run is at work on."""

    def said(self, line: str) -> None:
        """One line of news."""

    def started(self, item: Item) -> None:
        """A worker has begun."""

    def progressed(self, item: Item, done_s: float, total_s: float | None) -> None:
        """Seconds of a recording that are done, and its length where known."""

    def ended(self, outcome: Outcome) -> None:
        """A recording is done, failed or refused."""


class Run:
    """One pass over a collection: `Run(…).go()`.

    The ledger is this process's alone to write for its claims; workers see neither it nor the outputs.
    """

    def __init__(
        self,
        items: Iterable[Item],
        recipe: Recipe,
        ledger: Ledger,
        options: Options | None = None,
        watcher: RunWatcher | None = None,
        make_pool: PoolMaker = Pool,
    ):
        self._items = {item.name: item for item in items}
        self._ledger = ledger
        self._settings = recipe.fingerprint()
        self._options = options or Options()
        self._watcher = watcher or RunWatcher()
        self._pool = make_pool(recipe, self._options.n_jobs)
        self._outcomes: dict[str, Outcome] = {}
        self._todo: deque[Item] = deque()
        self._taken: deque[Item] = deque()  # by other runs
        self._deaths: Counter[str] = Counter()
        self._beaten_s = self._looked_s = time.monotonic()

    def go(self) -> list[Outcome]:
        """Bring every recording to an end; their outcomes, in the order of the items.

        Returns once what other runs are at work on has ended, too. Interrupted by any exception, a
        KeyboardInterrupt say, it ends its workers and gives its claims back.

        Raises LedgerError if the ledger fails, ModelError or DeviceError if no worker can start for that
        reason, UsageError for a hop that the model cannot have, WorkerError if workers die before they work,
        ClusterError if a cluster cannot be reached or used.
        """
        self._survey()
        try:
            if self._todo:
                self._pool.start()  # the model is loaded while the watcher looks at what there is to do
            self._watcher.surveyed(list(self._todo), list(self._outcomes.values()), len(self._taken))
            while self._todo or self._taken or self._pool.tasks:
                self._look_again()
                self._hand_out()
                for report in self._pool.listen(_LISTEN_S):
                    self._hear(report)
                self._beat()
        finally:
            self._pool.close()
            with suppress(LedgerError):  # it may be why we are here, and claims of the dead are free anyway
                self._ledger.release_all()
        return [self._outcomes[name] for name in self._items]

    def _survey(self) -> None:
        self._ledger.enrol(self._items)
        list_once(self._ledger.out)
        for item in self._items.values():
            self._sort(item)

    def _sort(self, item: Item) -> None:
        """Put an item where it belongs: among those to do, taken by others, or ended."""
        entry = self._ledger.entry(item.name)
        judgement = judge(entry, item, self._settings, retry_failed=self._options.retry_failed)
        if judgement.verdict is Verdict.todo:
            self._todo.append(item)
        elif judgement.verdict is Verdict.taken:
            self._taken.append(item)
        else:
            self._recognise(item, judgement)

    def _recognise(self, item: Item, judgement: Judgement) -> None:
        """An item that has ended before, or in another run just now."""
        entry = self._ledger.entry(item.name)
        if judgement.identity is not None and judgement.identity != entry.identity:
            self._ledger.recognise(entry, judgement.identity)
        end = End.done_before if judgement.verdict is Verdict.done else End.failed_before
        self._outcomes[item.name] = Outcome(item, end, entry.error, audio_s=entry.audio_s or 0.0)

    def _look_again(self) -> None:
        """Whether others have ended what they were at, or have died over it."""
        now_s = time.monotonic()
        if not self._taken or now_s - self._looked_s < _LOOK_AGAIN_S:
            return
        self._looked_s = now_s
        taken, self._taken = self._taken, deque()
        for item in taken:
            self._sort(item)
            if item.name in self._outcomes:
                self._watcher.ended(self._outcomes[item.name])

    def _hand_out(self) -> None:
        if self._todo:
            self._pool.start()
        while self._todo and self._pool.n_idle:
            item = self._todo.popleft()
            self._beat()  # recordings are read before they are claimed, and many in a row may be refused
            if self._claim(item):
                self._pool.give(Task(item.name, item.source))
                self._watcher.started(item)

    def _claim(self, item: Item) -> bool:
        """Take an item on, unless there is nothing to do any more or its outputs may not be written."""
        entry = self._ledger.entry(item.name)
        judgement = judge(entry, item, self._settings, retry_failed=self._options.retry_failed)
        if judgement.verdict is Verdict.taken:
            self._taken.append(item)
            return False
        if judgement.verdict is not Verdict.todo:
            self._recognise(item, judgement)
            self._watcher.ended(self._outcomes[item.name])
            return False
        try:
            identity = identify(item.source, entry.identity)
            if not self._options.overwrite:
                check_outputs(entry, item, identity)
        except (AudioError, OutputError) as error:
            self._end(Outcome(item, End.refused, str(error)))
            return False
        if entry.state is EntryState.running:
            sweep(item)
        if self._ledger.claim(entry, identity, self._settings):
            return True
        self._taken.append(item)
        return False

    def _hear(self, report: Report) -> None:
        task, message = report
        if isinstance(message, Said):
            self._watcher.said(message.line)
        elif isinstance(message, Ready):
            if message.device != "cpu" and self._options.n_jobs > 1:
                self._watcher.said(f"On {message.device} one process does the work; --jobs is not used.")
        elif isinstance(message, Unable):
            raise message.error
        elif isinstance(message, Died) and task is None:
            raise WorkerError(
                f"worker process: {message.reason}, before it could work. Free some memory, or use fewer --jobs."
            )
        elif task is not None:
            self._hear_of(self._items[task.name], message)

    def _hear_of(self, item: Item, message: object) -> None:
        if isinstance(message, Progressed):
            self._watcher.progressed(item, message.done_s, message.total_s)
        elif isinstance(message, Finished):
            self._finish(item, message)
        elif isinstance(message, Failed):
            self._fail(item, message)
        elif isinstance(message, Died):
            self._bury(item, message)

    def _finish(self, item: Item, message: Finished) -> None:
        outcome = Outcome(item, End.done, audio_s=message.audio_s, took_s=message.took_s)
        try:
            is_ours = deliver(item, message, self._ledger, overwrite=self._options.overwrite)
        except OutputError as error:  # not the recording's fault: the next run tries again
            self._ledger.release(item.name)
            self._end(Outcome(item, End.failed, str(error), took_s=message.took_s))
            return
        self._end(outcome) if is_ours else self._taken.append(item)

    def _fail(self, item: Item, message: Failed) -> None:
        if message.is_lasting:
            is_ours = self._ledger.fail(item.name, message.error, message.took_s)
        else:  # the next run tries again
            is_ours = self._ledger.release(item.name)
        if is_ours:
            self._end(Outcome(item, End.failed, message.error, message.trace, took_s=message.took_s))
        else:
            self._taken.append(item)

    def _bury(self, item: Item, message: Died) -> None:
        self._deaths[item.name] += 1
        if self._deaths[item.name] < _DEATHS:
            self._ledger.release(item.name)
            self._todo.appendleft(item)
            return
        error = (
            f"{item.source}: the worker process died {_DEATHS} times over it ({message.reason}). "
            "Free some memory or use fewer --jobs, then pass --retry-failed."
        )
        self._fail(item, Failed(error, "", 0.0))

    def _end(self, outcome: Outcome) -> None:
        self._outcomes[outcome.item.name] = outcome
        self._watcher.ended(outcome)

    def _beat(self) -> None:
        now_s = time.monotonic()
        if now_s - self._beaten_s > HEARTBEAT_S:
            self._beaten_s = now_s
            self._ledger.beat()
