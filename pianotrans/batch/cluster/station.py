"""A worker on some node: what Ray makes an actor of. It does what a worker process of this machine does."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from pianotrans.errors import ClusterError, PianotransError
from pianotrans.processes import limit_threads
from pianotrans.version import __version__
from pianotrans.workers.messages import Message, Progressed, Task, Unable
from pianotrans.workers.recipe import Recipe
from pianotrans.workers.storage import Address, is_file
from pianotrans.workers.worker import work

_PATIENCE_S = 10.0  # how long to wait for news before saying that there are none
_GATHER_S = 0.5  # progress is told this often


@dataclass(frozen=True)
class Expected:
    """What must be the same on every node, so that it makes no difference which one does the work."""

    version: str
    fingerprint: str  # of the recipe: the model's content is in it
    witnesses: Sequence[Address]  # recordings that every node must see

    @classmethod
    def of(cls, recipe: Recipe, witnesses: Sequence[Address] = ()) -> "Expected":
        """What holds here. Raises ModelError for a model that is unknown or cannot be read."""
        return cls(__version__, recipe.fingerprint(), witnesses)

    def check(self, recipe: Recipe) -> None:
        """Raise ClusterError, or ModelError, unless all of it holds here, too."""
        if self.version != __version__:
            raise ClusterError(
                f"pianotrans {__version__} is installed there, here it is {self.version}. "
                "Install the same version on every node."
            )
        if self.fingerprint != recipe.fingerprint():
            raise ClusterError(
                f"model {recipe.model!r} is another one there than here. Bring the same to every node."
            )
        for path in self.witnesses:
            if not is_file(path):
                raise ClusterError(
                    f"{path} is not to be seen there. Put the recordings on a file system that all nodes "
                    "share under the same path."
                )


class Station:
    """A thread that works, and a mailbox on either side of it: Ray's calls must never wait for the work."""

    def __init__(self, recipe: Recipe, n_threads: int, expected: Expected):
        self._tasks: SimpleQueue[Task] = SimpleQueue()
        self._messages: SimpleQueue[Message | Exception] = SimpleQueue()
        limit_threads(n_threads)
        threading.Thread(target=self._work, args=(recipe, expected), daemon=True).start()

    def give(self, task: Task) -> None:
        """To be done after all that was given before."""
        self._tasks.put(task)

    def hear(self) -> Message | None:
        """The next message, as soon as there is one; None if there is none for some seconds.

        Progress is held back for a moment, and gives way to what is newer.
        Raises what ended the work, if that was nothing foreseen.
        """
        try:
            message = self._messages.get(timeout=_PATIENCE_S)
            until_s = time.monotonic() + _GATHER_S
            while isinstance(message, Progressed) and (left_s := until_s - time.monotonic()) > 0:
                message = self._newer(message, left_s)
        except Empty:
            return None
        if isinstance(message, Exception):
            raise message
        return message

    def _newer(self, message: Message, timeout_s: float) -> Message | Exception:
        try:
            return self._messages.get(timeout=timeout_s)
        except Empty:
            return message

    def _work(self, recipe: Recipe, expected: Expected) -> None:
        try:
            try:
                expected.check(recipe)
            except PianotransError as error:
                self._messages.put(Unable(error))
            else:
                work(recipe, _TaskInbox(self._tasks), self._messages.put)
        except Exception as error:  # a process would end here, and that would be noticed
            self._messages.put(error)


class _TaskInbox:
    """A queue of tasks as the inbox of a worker; nothing is cancelled on a cluster."""

    def __init__(self, tasks: "SimpleQueue[Task]"):
        self._tasks = tasks

    def recv(self) -> Task:
        return self._tasks.get()

    def poll(self) -> bool:
        return False
