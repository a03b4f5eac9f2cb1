"""The ASGI application: its routes, its guard, and its error responses."""

import sqlite3
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from pianotrans.version import __version__
from pianotrans.web import page, routes
from pianotrans.web.guard import Access, Guard
from pianotrans.web.head import HeadAsGet
from pianotrans.web.service import Service
from pianotrans.web.space import DiskFullError

_DESCRIPTION = """Piano recordings to MIDI. Upload a recording, ask for its state, download the transcription.

Errors are `{"detail": "one line"}`."""


def make_app(service: Service, access: Access) -> Guard:
    """The page and the API of a service; `access` decides who may use them."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.listeners.attach()
        yield

    app = FastAPI(
        title="pianotrans",
        version=__version__,
        description=_DESCRIPTION,
        openapi_url="/api/openapi.json",
        docs_url=None,  # that page would load scripts from another site
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.service = service
    app.add_exception_handler(RequestValidationError, _explain_invalid)
    app.add_exception_handler(DiskFullError, _explain_space)
    app.add_exception_handler(sqlite3.Error, _explain_store)
    app.add_exception_handler(Exception, _report_unexpected)
    for router in routes.ROUTERS:
        app.include_router(router)
    app.include_router(page.router)
    return Guard(HeadAsGet(app), access)  # outermost, so that every response has its headers


async def _explain_invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    lines = [f"{_place(one['loc'])}: {one['msg']}" for one in error.errors()]
    return JSONResponse({"detail": " ".join("; ".join(lines).split())}, 422)


def _place(location: tuple[str | int, ...]) -> str:
    return ".".join(map(str, location[1:])) or str(location[0])


async def _explain_space(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, 507)


async def _explain_store(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": f"The server cannot save this ({error}). Its disk may be full."}, 507)


async def _report_unexpected(request: Request, error: Exception) -> JSONResponse:
    """Report a bug; its details go to the server's terminal only."""
    service: Service = request.app.state.service
    service.say(f"{request.method} {request.url.path}: unexpected {type(error).__name__}: {error}")
    service.detail("".join(traceback.format_exception(error)))
    return JSONResponse({"detail": "Unexpected error in the server. Its terminal shows the details."}, 500)
