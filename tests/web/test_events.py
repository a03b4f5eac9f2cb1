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

from pianotrans.events import Note, Pedal
from pianotrans.web import events as events_module
from pianotrans.web.listeners import Listener, Listeners
from pianotrans.web.service import Limits
from pianotrans.workers.messages import Decided, Finished, Progressed, Task

from .making import SOON_S, Scripted, Site, hand_in, serving, written
from .test_dispatcher import listening_script, until


@contextmanager
def listening(site: Site, path: str = "/api/events", **headers: str) -> Iterator[Iterator[tuple[str, Any]]]:
    """A page: the events as they come, comments as ("", text)."""
    with (
        httpx.Client(base_url=site.client.base_url, timeout=SOON_S, trust_env=False) as client,
        client.stream("GET", path, headers=headers) as answer,
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


# Notes


def note(i: int) -> Note:
    return Note(i, i + 0.5, 60, 64, 1.0, 0.98765)


class Heard:
    """A worker that decides a note each time it is let go on."""

    def __init__(self) -> None:
        self.n_more = threading.Semaphore(0)
        self.is_over = False

    def __call__(self, task: Task, connection: Any) -> Finished:
        connection.send(Progressed(0.0, 9.0))
        connection.send(Decided((), (Pedal(0.0, 0.25, "sustain"),), 0.5))
        for i in range(1, 9):
            assert self.n_more.acquire(timeout=SOON_S)
            if self.is_over:
                break
            connection.send(Decided((note(i),), (), i + 0.6789))
        return written(task, connection)

    def end(self) -> None:
        self.is_over = True
        self.n_more.release()


ROWS = [[float(i), i + 0.5, 60, 64, 0.988] for i in range(1, 9)]


def test_notes_as_they_are_decided(tmp_path: Path):
    heard = Heard()
    with serving(tmp_path, Scripted(heard)) as site:
        url = f"/api/jobs/{site.post().json()['id']}/notes"
        nothing = {"is_whole": True, "final_s": 0.0, "notes": [], "pedals": []}
        until(lambda: site.client.get(url).json()["pedals"])
        with listening(site, f"{url}/events") as early:
            first = {**nothing, "final_s": 0.5, "pedals": [[0.0, 0.25, 64, None]]}
            assert next(early) == ("notes", first)
            heard.n_more.release()
            news = {**nothing, "is_whole": False, "final_s": 1.679, "notes": ROWS[:1]}
            assert next(early) == ("notes", news)
            heard.n_more.release()
            assert next(early)[1]["notes"] == ROWS[1:2]
            with listening(site, f"{url}/events") as late:
                so_far = {**first, "final_s": 2.679, "notes": ROWS[:2]}
                assert next(late) == ("notes", so_far), "a page that comes later hears all so far"
                assert site.client.get(url).json() == so_far
                heard.end()
                assert next(early) == next(late) == ("end", {"state": "done"})
        assert site.client.get(url).json() == nothing, "its files have the notes now"
        with listening(site, f"{url}/events") as page:
            assert next(page) == ("end", {"state": "done"})


def test_a_page_that_lost_its_connection_hears_what_it_missed(tmp_path: Path):
    heard = Heard()
    with serving(tmp_path, Scripted(heard)) as site:
        url = f"/api/jobs/{site.post().json()['id']}/notes"
        heard.n_more.release()
        until(lambda: site.client.get(url).json()["notes"] == ROWS[:1])
        with site.client.stream("GET", f"{url}/events") as answer:
            number = next(line for line in answer.iter_lines() if line.startswith("id: ")).removeprefix("id: ")
        heard.n_more.release()
        with listening(site, f"{url}/events", **{"Last-Event-ID": number}) as page:
            name, news = next(page)
            assert (name, news["is_whole"], news["notes"]) == ("notes", False, ROWS[1:2])
        with listening(site, f"{url}/events", **{"Last-Event-ID": f"other-{number[-1]}"}) as page:
            assert next(page)[1]["is_whole"], "the job was started anew since"
        heard.end()


def test_what_is_cancelled_or_deleted_is_forgotten(tmp_path: Path):
    def script(task: Task, connection: Any) -> Any:
        connection.send(Decided((note(1),), (), 2.0))
        return listening_script(task, connection)

    with serving(tmp_path, Scripted(script)) as site:
        for method, path, state in [("POST", "/cancel", "cancelled"), ("DELETE", "", None)]:
            url = f"/api/jobs/{site.post().json()['id']}"
            with listening(site, f"{url}/notes/events") as page:
                heard = [next(page)]
                site.client.request(method, url + path)
                heard += page
            assert heard[-1] == ("end", {"state": state})
        assert site.service.live._drafts == {}


def test_a_page_that_does_not_read_keeps_nobody_waiting(tmp_path: Path):
    """Two megabytes of notes, while a page takes none of them."""
    many = tuple(note(i) for i in range(20_000))
    may_begin = threading.Event()

    def script(task: Task, connection: Any) -> Finished:
        assert may_begin.wait(SOON_S)
        for _ in range(3):
            connection.send(Decided(many, (), 1.0))
        return written(task, connection)

    with serving(tmp_path, Scripted(script)) as site:
        url = f"/api/jobs/{site.post().json()['id']}"
        with listening(site, f"{url}/notes/events"):
            may_begin.set()
            assert site.wait(url.rpartition("/")[2], timeout_s=60)["state"] == "done"
