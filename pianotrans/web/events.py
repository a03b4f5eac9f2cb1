"""Server-sent events: news of the jobs for open pages."""

import asyncio
import json
from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool

from pianotrans.web.listeners import Listener
from pianotrans.web.live import Bookmark, Passage
from pianotrans.web.service import Service

HEARTBEAT_S = 15.0
_GATHER_S = 0.1  # between two deliveries: what changes often is told once
_COME_BACK_MS = 1000
_STILL_HERE = ": still here\n\n"


async def events(service: Service) -> AsyncIterator[str]:
    """What the queue looks like, then every change; regular comments reveal pages that are gone."""
    listener = service.listeners.add()
    try:
        yield f"retry: {_COME_BACK_MS}\n\n"
        yield service.problem_event()
        yield service.queue_event()
        while not listener.is_closed:
            for event in await _news(listener):
                yield event
            await asyncio.sleep(_GATHER_S)
    finally:
        service.listeners.remove(listener)


async def note_events(service: Service, job_id: str, place: Bookmark) -> AsyncIterator[str]:
    """The notes of a job from a place on, as they are decided, and in the end its state.

    A page that takes them slowly gets more at once: nothing is kept for it, and nobody waits for it.
    """
    listener = service.listeners.add(job_id)
    try:
        yield f"retry: {_COME_BACK_MS}\n\n"
        while not listener.is_closed:
            job = await run_in_threadpool(service.jobs.find, job_id)
            passage = service.live.since(job_id, place)
            if passage.bookmark not in (
                place,
                Bookmark(),
            ):  # none: nothing is decided, or the job is over
                place = passage.bookmark
                yield _notes_event(passage)
            if job is None or not job.state.is_open:
                yield f"event: end\ndata: {json.dumps({'state': None if job is None else job.state})}\n\n"
                return
            for event in await _news(listener):
                yield event
            await asyncio.sleep(_GATHER_S)
    finally:
        service.listeners.remove(listener)


async def _news(listener: Listener) -> list[str]:
    try:
        async with asyncio.timeout(HEARTBEAT_S):
            return await listener.take()
    except TimeoutError:
        return [_STILL_HERE]


def _notes_event(passage: Passage) -> str:
    return f"event: notes\nid: {passage.bookmark}\ndata: {notes_json(passage)}\n\n"


def notes_json(passage: Passage) -> str:
    """The notes and pedals of a passage as JSON."""
    whole, final_s = json.dumps(passage.is_whole), f"{passage.final_s:.3f}"
    return f'{{"is_whole":{whole},"final_s":{final_s},"notes":{passage.notes},"pedals":{passage.pedals}}}'
