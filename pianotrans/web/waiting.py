"""The jobs that wait, in order of arrival."""

from bisect import bisect_left, insort

from pianotrans.web.job import Job


class WaitingLine:
    """Queued jobs by number. Every operation takes about the same time, however many jobs wait."""

    def __init__(self) -> None:
        self._places: list[tuple[int, str]] = []  # number and id, sorted

    def __len__(self) -> int:
        return len(self._places)

    def add(self, job: Job) -> None:
        """Add a job at its place."""
        insort(self._places, (job.number, job.id))

    def remove(self, job: Job) -> None:
        """Remove a job that waits."""
        del self._places[self._index(job)]

    def position(self, job: Job) -> int:
        """The position of a job that waits, starting at 1."""
        return self._index(job) + 1

    def first(self, n_jobs: int) -> list[str]:
        """The ids of the jobs that are next."""
        return [job_id for _, job_id in self._places[:n_jobs]]

    def _index(self, job: Job) -> int:
        return bisect_left(self._places, (job.number, job.id))
