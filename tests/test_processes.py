"""Work in other processes: results, errors, and deaths."""

import multiprocessing
import os
import time

import pytest

from pianotrans.errors import UsageError, WorkerError
from pianotrans.processes import Death, run_apart, work_apart, work_on

DEADLY, WRONG = -1, -2


def half(number: int) -> float:
    if number == DEADLY:
        os._exit(7)
    if number == WRONG:
        raise UsageError("is wrong.", "number")
    return number / 2


def own_id(_: object) -> int:
    time.sleep(0.05)
    return os.getpid()


@pytest.fixture(autouse=True)
def nothing_stays():
    yield
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_every_job_gets_its_result(n_jobs: int):
    assert sorted(work_apart(half, range(7), n_jobs)) == [(number, number / 2) for number in range(7)]
    assert list(work_apart(half, [], n_jobs)) == []


def test_the_work_is_done_elsewhere_by_as_few_as_asked():
    ids = {result for _, result in work_apart(own_id, range(6), 2)}
    assert len(ids) == 2
    assert os.getpid() not in ids
    assert {result for _, result in work_on(own_id, range(2), 1)} == {os.getpid()}


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_death_is_the_result_of_its_job_and_the_others_are_done(n_jobs: int):
    death = Death("ended with exit code 7")
    results = sorted(work_apart(half, [4, DEADLY, 6, DEADLY, 8], n_jobs), key=lambda one: one[0])
    assert results == [(DEADLY, death)] * 2 + [(4, 2), (6, 3), (8, 4)]
    assert str(death.error("a.wav")).startswith("a.wav: the process that decoded it died (ended with exit code 7)")


def test_a_death_ends_what_needs_all_results():
    with pytest.raises(WorkerError, match=r"died \(ended with exit code 7\)"):
        list(work_on(half, [DEADLY, DEADLY], 2))


def test_an_error_comes_back_as_it_is():
    with pytest.raises(UsageError) as caught:
        run_apart(half, WRONG)
    assert caught.value.settings == ("number",)
    assert "in half" in "".join(caught.value.__notes__)


def test_a_single_job():
    assert run_apart(half, 3) == 1.5
    assert run_apart(half, DEADLY) == Death("ended with exit code 7")


def test_whoever_stops_listening_leaves_nobody_behind():
    for _ in work_apart(own_id, range(10), 2):
        break
