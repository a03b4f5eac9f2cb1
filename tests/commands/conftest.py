"""The models of these tests are small, and recordings are transcribed in this process."""

from functools import partial

import pytest

from tests.batch.making import pool_here
from tests.threads import one_thread

__all__ = ["one_thread", "workers_here"]


@pytest.fixture(autouse=True)
def workers_here(monkeypatch: pytest.MonkeyPatch) -> None:
    put_workers_here(monkeypatch)


def put_workers_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker process takes seconds to load torch; tests of the processes themselves start the real command."""
    from pianotrans import processes
    from pianotrans.batch import evaluation, measuring, transcribe_items
    from pianotrans.commands import single_worker
    from pianotrans.commands.transcribe import collection
    from pianotrans.training.preparation import running

    monkeypatch.setattr(collection, "Pool", pool_here)
    monkeypatch.setattr(single_worker, "Pool", pool_here)
    monkeypatch.setattr(running, "work_apart", processes.work_on)
    monkeypatch.setattr(evaluation, "work_apart", processes.work_on)
    monkeypatch.setattr(processes, "run_apart", lambda function, job: function(job))
    monkeypatch.setattr(measuring, "transcribe_items", partial(transcribe_items, make_pool=pool_here))
