"""The process that writes edited transcriptions: started on demand, replaced when it dies, never a bottleneck."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pianotrans.errors import EditsError, WorkerError
from pianotrans.web.workshop import Workshop, WorkshopBusyError
from pianotrans.workers.revising import Refused, Revise, Revised

from .previewing import Listeners
from .test_dispatcher import until

ORDER = Revise(Path("transcription.json"), "song.mp3", b"edits")


def answering(answer: Callable[[Revise], Revised | Refused | None]) -> Listeners:
    """Starts what looks like the process; without an answer, it dies."""

    def main(connection: Any) -> None:
        while (answered := answer(connection.recv())) is not None:
            connection.send(answered)

    return Listeners(main)


def test_one_process_is_started_on_demand_and_kept():
    start = answering(lambda order: Revised(order.edits))
    shop = Workshop(start)
    assert not shop.is_warm
    assert [shop.revise(ORDER), shop.revise(ORDER)] == [b"edits", b"edits"]
    assert (shop.is_warm, start.n) == (True, 1)
    shop.close()
    assert not shop.is_warm
    with pytest.raises(WorkerError, match="shutting down"):
        shop.revise(ORDER)


def test_it_ends_when_nothing_is_asked():
    start = answering(lambda order: Revised(order.edits))
    shop = Workshop(start, warm_s=0.05)
    shop.revise(ORDER)
    until(lambda: not shop.is_warm)
    assert shop.revise(ORDER) == b"edits"
    assert start.n == 2
    shop.close()


def test_what_cannot_be_done_is_told_and_the_process_goes_on():
    told: list[str] = []
    answers = iter([Refused("no such key."), Refused("unexpected ZeroDivisionError", "its trace"), Revised(b"ok")])
    shop = Workshop(answering(lambda _: next(answers)), detail=told.append)
    with pytest.raises(EditsError, match="no such key"):
        shop.revise(ORDER)
    with pytest.raises(WorkerError, match="ZeroDivisionError"):
        shop.revise(ORDER)
    assert (shop.revise(ORDER), told) == (b"ok", ["its trace"])
    shop.close()


def test_a_process_that_dies_or_hangs_is_replaced():
    answers: list[Any] = [lambda: None, lambda: time.sleep(0.5) or Revised(b"late"), lambda: Revised(b"ok")]
    start = answering(lambda _: answers.pop(0)())
    shop = Workshop(start)
    with pytest.raises(WorkerError, match=r"song\.mp3"):
        shop.revise(ORDER)
    with pytest.raises(WorkerError, match=r"longer than 0\.2 s"):
        shop.revise(ORDER, limit_s=0.2)
    assert shop.revise(ORDER) == b"ok"
    assert start.n == 3
    shop.close()


def test_a_few_may_wait_and_more_are_told_to_come_back():
    may_go_on = threading.Event()

    def answer(order: Revise) -> Revised:
        assert may_go_on.wait(10)
        return Revised(order.edits)

    shop = Workshop(answering(answer))
    done: list[bytes] = []
    threads = [threading.Thread(target=lambda: done.append(shop.revise(ORDER))) for _ in range(8)]
    for thread in threads:
        thread.start()
    until(lambda: shop._places._value == 0)
    with pytest.raises(WorkshopBusyError):
        shop.revise(ORDER)
    may_go_on.set()
    for thread in threads:
        thread.join()
    assert done == 8 * [b"edits"]
    shop.close()
