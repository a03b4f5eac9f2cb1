"""Results on their way to the disk. They wait in memory while the disk is full."""

from collections.abc import Callable

from pianotrans.errors import OutputError
from pianotrans.files import write_atomically
from pianotrans.web.jobs import JobQueue
from pianotrans.web.space import is_disk_full
from pianotrans.workers.messages import Finished, Task


class ResultWriter:
    """Writes the results of finished jobs to their folders.

    Args:
        queue: the jobs.
        detail: receives what users must not see, such as paths of the server.
    """

    def __init__(self, queue: JobQueue, detail: Callable[[str], None]):
        self._queue, self._detail = queue, detail
        self._unwritten: dict[str, tuple[Task, Finished]] = {}

    @property
    def task_names(self) -> list[str]:
        """The tasks whose results wait for space on the disk."""
        return list(self._unwritten)

    def add(self, task: Task, result: Finished) -> None:
        """Write a result now if possible."""
        self._unwritten[task.name] = task, result
        self.write()

    def write(self) -> None:
        """Write what waits, unless its job was cancelled or deleted. Stops at the first that has no space."""
        for name, (task, result) in list(self._unwritten.items()):
            if not self._queue.is_running(name):
                self._queue.settle(name)
            else:
                try:
                    self._deliver(task, result)
                except OutputError as error:
                    if is_disk_full(error.__cause__):
                        return
                    self._detail(str(error))
                    reason = getattr(error.__cause__, "strerror", None) or "see its terminal"
                    self._queue.fail(name, f"{task.title}: the server cannot write the results ({reason}).")
            del self._unwritten[name]

    def _deliver(self, task: Task, result: Finished) -> None:
        folder = self._queue.folders.of(task.name)
        for format_name, content in result.contents.items():
            write_atomically(folder.result(format_name), content, overwrite=True)
        self._queue.finish(
            task.name,
            duration_s=result.audio_s,
            done_s=result.audio_s,
            n_notes=result.n_notes,
            n_pedals=result.n_pedals,
            remarks=result.remarks,
        )
