"""Server-sent events: what a page hears, and what it costs when it does not listen."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest

from pianotrans.web import events as events_module
from pianotrans.web.listeners import Listener, Listeners
from pianotrans.web.service import Limits
from pianotrans.workers.messages import Finished, Progressed, Task

from .making import SOON_S, Scripted, Site, hand_in, serving, written
from .test_dispatcher import listening_script, until


@contextmanager
def listening(site: Site) -> Iterator[Iterator[tuple[str, Any]]]:
    """A page: the events as they come, comments as ("", text)."""
    with (
        httpx.Client(base_url=site.client.base_url, timeout=SOON_S, trust_env=False) as client,
        client.stream("GET", "/api/events") as answer,
    ):
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        yield parsed(answer.iter_lines())


def parsed(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    name = ""
    for line in lines:
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)
        elif line.startswith(":"):
            yield "", line


def test_a_page_hears_everything(tmp_path: Path):
    go_on = threading.Event()

    def script(task: Task, connection: Any) -> Finished:
        connection.send(Progressed(1.0, 2.0))
        assert go_on.wait(SOON_S)
        return written(task, connection)

    with serving(tmp_path, Scripted(script)) as site:
        first = site.post("first.mp3").json()
        site.wait(first["id"], "running")
        with listening(site) as page:
            assert [next(page), next(page)] == [
                ("problem", {"problem": None}),
                ("queue", {"ids": [], "n_queued": 0}),
            ], "what is known already is in the list of jobs"
            second = site.post("second.mp3").json()
            jobs = (event for name, event in page if name == "job")
            assert next(jobs)["id"] == second["id"]
            go_on.set()
            done = {event["id"] for event in islice((one for one in jobs if one["state"] == "done"), 2)}
            assert done == {first["id"], second["id"]}
            assert site.client.delete(f"/api/jobs/{first['id']}").status_code == 204
            assert next(page) == ("deleted", {"id": first["id"]})


def test_the_queue_is_told_anew(tmp_path: Path):
    blocked = threading.Event()

    def script(task: Task, connection: Any) -> Finished:
        assert blocked.wait(SOON_S)
        return written(task, connection)

    with serving(tmp_path, Scripted(script)) as site:
        site.wait(site.post("runs.mp3").json()["id"], "running")
        waiting = [site.post(name).json() for name in ("a.mp3", "b.mp3")]
        with listening(site) as page:
            next(page)
            assert next(page) == ("queue", {"ids": [job["id"] for job in waiting], "n_queued": 2})
            site.client.delete(f"/api/jobs/{waiting[0]['id']}")
            heard = dict([next(page), next(page)])
            assert heard["deleted"] == {"id": waiting[0]["id"]}
            assert heard["queue"] == {"ids": [waiting[1]["id"]], "n_queued": 1}
        blocked.set()


def test_a_long_queue_costs_no_more_than_a_short_one(tmp_path: Path):
    """Only what changes is told: neither all jobs at the beginning, nor all positions after each change."""
    limits = Limits(max_queued=1000)
    with serving(tmp_path, Scripted(listening_script), limits=limits) as site:
        ids = [hand_in(site.service.jobs).id for _ in range(60)]
        with listening(site) as page:
            n_bytes = len(json.dumps([next(page), next(page)]))
            for job_id in ids[-30:]:
                site.client.delete(f"/api/jobs/{job_id}")
            n_deleted = 0
            while n_deleted < 30:
                event = next(page)
                n_bytes += len(json.dumps(event))
                n_deleted += event[0] == "deleted"
        assert n_bytes < 100_000, "all positions after each change are four times as much"


def test_a_page_that_is_gone_is_noticed_and_one_that_waits_hears_a_heartbeat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(events_module, "HEARTBEAT_S", 0.05)
    with serving(tmp_path) as site:
        with listening(site) as page:
            next(page), next(page)
            assert [next(page), next(page)] == [("", ": still here")] * 2
            assert len(site.service.listeners._listeners) == 1
        until(lambda: not site.service.listeners._listeners)


def test_open_pages_do_not_keep_the_server_from_ending(tmp_path: Path):
    with serving(tmp_path) as site:
        stack = [listening(site) for _ in range(3)]
        pages = [one.__enter__() for one in stack]
        until(lambda: len(site.service.listeners._listeners) == 3)
    assert [{name for name, _ in page} for page in pages] == [{"problem", "queue"}] * 3
    for one in stack:
        one.__exit__(None, None, None)


def test_a_slow_page_costs_no_memory_and_hears_the_latest():
    async def hear() -> list[str]:
        listener = Listener()
        for i in range(10_000):
            listener.put(f"job {i % 2}", lambda i=i: f"event {i}")
        return await listener.take()

    assert asyncio.run(hear()) == ["event 9998", "event 9999"]


def test_nobody_listens_any_more():
    async def end() -> Listeners:
        listeners = Listeners()
        listeners.tell("job", lambda: "before there is a loop")
        listeners.attach()
        listeners.tell("job", lambda: "nobody there")
        listener = listeners.add()
        listeners.close()
        assert listener.is_closed
        assert listeners.add().is_closed
        return listeners

    asyncio.run(end()).tell("job", lambda: "after the loop has ended")
