"""Server-sent events: news of the jobs for open pages."""

import asyncio
from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool

from pianotrans.web.service import Service, job_event

HEARTBEAT_S = 15.0
_COME_BACK_MS = 1000


async def events(service: Service) -> AsyncIterator[str]:
    """All jobs in their current state, then every change; regular comments reveal pages that are gone."""
    listener = service.listeners.add()  # before the jobs are read, so that no change is missed
    try:
        yield f"retry: {_COME_BACK_MS}\n\n"
        for job in await run_in_threadpool(service.jobs.jobs):
            yield job_event(job)
        while not listener.is_closed:
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    news = await listener.take()
            except TimeoutError:
                news = [": still here\n\n"]
            for event in news:
                yield event
    finally:
        service.listeners.remove(listener)
