"""The run: give the recordings that are not done to the workers, and write what they return."""

import json
import time
from collections import Counter, deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pianotrans.batch.delivery import deliver, sweep
from pianotrans.batch.entry import Entry, EntryState
from pianotrans.batch.identity import Identity, identify
from pianotrans.batch.item import End, Item, Outcome
from pianotrans.batch.judging import Judgement, Verdict, check_outputs, judge
from pianotrans.batch.ledger import Ledger
from pianotrans.batch.outputs import name_outputs
from pianotrans.batch.owners import HEARTBEAT_S
from pianotrans.errors import AudioError, LedgerError, OutputError, WorkerError
from pianotrans.workers.messages import Died, Failed, Finished, Progressed, Ready, Said, Task, Unable
from pianotrans.workers.pool import Pool, PoolMaker, Report
from pianotrans.workers.recipe import Recipe
from pianotrans.workers.storage import is_file, list_once

_LISTEN_S = 0.5
_LOOK_AGAIN_S = 2.0  # interval between looks at recordings that another run has claimed
_DEATHS = 2  # of workers over one recording before it counts as the cause


@dataclass(frozen=True)
class Options:
    """Options of a run; none of them changes its results."""

    overwrite: bool = False
    retry_failed: bool = False
    n_jobs: int = 1


class RunWatcher:
    """Receives news of a run; this base class ignores it."""

    def surveying(self, n_items: int) -> None:
        """The run begins to compare the recordings with the ledger."""

    def surveyed(self, todo: list[Item], before: list[Outcome], n_taken: int) -> None:
        """The items to do, the outcomes of earlier runs, and the number of items that other runs have claimed."""

    def said(self, line: str) -> None:
        """One line of news."""

    def started(self, item: Item) -> None:
        """A worker has started on the item."""

    def progressed(self, item: Item, done_s: float, total_s: float | None) -> None:
        """Seconds of the recording that are done, and its length if known."""

    def ended(self, outcome: Outcome) -> None:
        """A recording is done, failed or refused."""


class Run:
    """One pass over a collection: `Run(…).go()`.

    Only this process uses the ledger and writes the outputs; workers see neither.
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
        self._taken: deque[Item] = deque()  # claimed by other runs
        self._recognised: list[tuple[Entry, Identity]] = []  # as before, but moved or touched
        self._deaths: Counter[str] = Counter()
        self._beaten_s = self._looked_s = time.monotonic()

    def go(self) -> list[Outcome]:
        """Transcribe every recording that is not done; returns the outcomes in the order of the items.

        Waits for recordings that other runs are working on. After any exception, such as a KeyboardInterrupt, ends
        the workers and gives up the claims.

        Raises LedgerError if the ledger fails, ModelError or DeviceError if workers cannot start because of the
        model or the device, UsageError for a hop that the model does not support, WorkerError if workers die before
        they are ready, ClusterError if a cluster cannot be reached or used.
        """
        try:
            self._survey()
            if self._todo:
                self._pool.start()  # workers load the model while the watcher looks at the items
            self._watcher.surveyed(list(self._todo), list(self._outcomes.values()), len(self._taken))
            while self._todo or self._taken or self._pool.tasks:
                self._look_again()
                self._hand_out()
                for report in self._pool.listen(_LISTEN_S):
                    self._hear(report)
                self._beat()
        finally:
            self._pool.close()
            with suppress(LedgerError):  # it may be what failed; claims of a dead process are free anyway
                self._ledger.leave()
        return [self._outcomes[name] for name in self._items]

    def _survey(self) -> None:
        self._watcher.surveying(len(self._items))
        self._ledger.join(self._settings)
        self._ledger.enrol(self._items)
        entries = {entry.name: entry for entry in self._ledger.entries()}
        self._items = {item.name: item for item in name_outputs(self._items.values(), entries)}
        list_once(self._ledger.out)
        for item in self._items.values():
            self._sort(item, entries[item.name])
            self._beat()
        self._note_recognised()

    def _sort(self, item: Item, entry: Entry) -> None:
        """Sort an item into those to do, those claimed by other runs, and those that have ended."""
        judgement = self._judge(item, entry)
        if judgement.verdict is Verdict.todo:
            self._todo.append(item)
        elif judgement.verdict is Verdict.taken:
            self._taken.append(item)
        else:
            self._recognise(item, entry, judgement)

    def _judge(self, item: Item, entry: Entry) -> Judgement:
        is_taken, retry_failed = self._ledger.is_taken(entry), self._options.retry_failed
        return judge(entry, item, self._settings_of(item), is_taken=is_taken, retry_failed=retry_failed)

    def _settings_of(self, item: Item) -> str:
        """Everything that determines the results of an item besides its recording."""
        return (
            self._settings if item.degraded is None else f"{self._settings} {json.dumps(item.degraded.to_dict())}"
        )

    def _recognise(self, item: Item, entry: Entry, judgement: Judgement) -> None:
        """Note the outcome of an item that ended in an earlier run or, just now, in another one."""
        if judgement.identity is not None and judgement.identity != entry.identity:
            self._recognised.append((entry, judgement.identity))
        end = End.done_before if judgement.verdict is Verdict.done else End.failed_before
        self._outcomes[item.name] = Outcome(item, end, entry.error, audio_s=entry.audio_s or 0.0)

    def _note_recognised(self) -> None:
        if self._recognised:
            self._ledger.recognise(self._recognised)
            self._recognised.clear()

    def _look_again(self) -> None:
        """Sort the items that other runs have claimed once more: they may have ended, or be free again."""
        now_s = time.monotonic()
        if not self._taken or now_s - self._looked_s < _LOOK_AGAIN_S:
            return
        self._looked_s = now_s
        taken, self._taken = self._taken, deque()
        for item in taken:
            self._sort(item, self._ledger.entry(item.name))
            if item.name in self._outcomes:
                self._watcher.ended(self._outcomes[item.name])
        self._note_recognised()

    def _hand_out(self) -> None:
        if self._todo:
            self._pool.start()
        while self._todo and self._pool.n_idle:
            item = self._todo.popleft()
            self._beat()  # claiming reads the recording first, and many in a row may be refused
            if self._claim(item):
                self._pool.give(Task(item.name, item.source, degraded=item.degraded))
                self._watcher.started(item)

    def _claim(self, item: Item) -> bool:
        """Claim an item, unless there is nothing left to do or its outputs must not be written."""
        entry = self._ledger.entry(item.name)
        judgement = self._judge(item, entry)
        if judgement.verdict is Verdict.taken:
            self._taken.append(item)
            return False
        if judgement.verdict is not Verdict.todo:
            self._recognise(item, entry, judgement)
            self._note_recognised()
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
        if self._ledger.claim(entry, identity, self._settings_of(item)):
            return True
        self._taken.append(item)
        return False

    def _hear(self, report: Report) -> None:
        task, message = report
        if isinstance(message, Said):
            self._watcher.said(message.line)
        elif isinstance(message, Ready):
            if message.device != "cpu" and self._options.n_jobs > 1:
                self._watcher.said(f"One process does all the work on {message.device}; --jobs has no effect.")
        elif isinstance(message, Unable):
            raise message.error
        elif isinstance(message, Died) and task is None:
            raise WorkerError(
                f"worker process: {message.reason}, before it was ready. Free some memory, or use fewer --jobs."
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
        outcome = Outcome(item, End.done, audio_s=message.audio_s, took_s=message.took_s, remarks=message.remarks)
        try:
            is_ours = deliver(item, message, self._ledger, overwrite=self._options.overwrite)
        except OutputError as error:  # not the recording's fault: the next run tries again
            self._ledger.release(item.name)
            self._end(Outcome(item, End.failed, str(error), took_s=message.took_s))
            return
        self._end(outcome) if is_ours else self._taken.append(item)

    def _fail(self, item: Item, message: Failed) -> None:
        is_gone = isinstance(item.source, Path) and not is_file(item.source)
        if message.is_lasting and not is_gone:
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
            f"{item.source}: the worker process died {_DEATHS} times while working on it ({message.reason}). "
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
