"""Server-sent events: news of the jobs for open pages."""

import asyncio
from collections.abc import AsyncIterator

from pianotrans.web.service import Service

HEARTBEAT_S = 15.0
_GATHER_S = 0.1  # between two deliveries: what changes often is told once
_COME_BACK_MS = 1000


async def events(service: Service) -> AsyncIterator[str]:
    """What the queue looks like, then every change; regular comments reveal pages that are gone."""
    listener = service.listeners.add()
    try:
        yield f"retry: {_COME_BACK_MS}\n\n"
        yield service.problem_event()
        yield service.queue_event()
        while not listener.is_closed:
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    news = await listener.take()
            except TimeoutError:
                news = [": still here\n\n"]
            for event in news:
                yield event
            await asyncio.sleep(_GATHER_S)
    finally:
        service.listeners.remove(listener)
