"""The application: routes, their guard, and errors as one line."""

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
from pianotrans.web.service import Service

_DESCRIPTION = """Piano recordings to MIDI. Hand a recording in, ask how far it has come, download what was heard.

Errors are `{"detail": "one line"}`."""


def make_app(service: Service, access: Access) -> Guard:
    """The page and the API of a service; who may use them is for `access` to say."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.listeners.attach()
        yield

    app = FastAPI(
        title="pianotrans",
        version=__version__,
        description=_DESCRIPTION,
        openapi_url="/api/openapi.json",
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.service = service
    app.add_exception_handler(RequestValidationError, _explain_invalid)
    app.add_exception_handler(sqlite3.Error, _explain_store)
    app.add_exception_handler(Exception, _report_unexpected)
    app.include_router(routes.router)
    app.include_router(page.router)
    return Guard(app, access)  # around everything, so that no answer goes without its headers


async def _explain_invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    lines = [f"{_place(one['loc'])}: {one['msg']}" for one in error.errors()]
    return JSONResponse({"detail": " ".join("; ".join(lines).split())}, 422)


def _place(location: tuple[str | int, ...]) -> str:
    return ".".join(map(str, location[1:])) or str(location[0])


async def _explain_store(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": f"The server cannot keep this ({error}). Its disk may be full."}, 507)


async def _report_unexpected(request: Request, error: Exception) -> JSONResponse:
    """A bug: its details are for whoever runs the server."""
    service: Service = request.app.state.service
    service.say(f"{request.method} {request.url.path}: unexpected {type(error).__name__}: {error}")
    service.detail("".join(traceback.format_exception(error)))
    return JSONResponse({"detail": "Something unexpected went wrong in the server; its terminal says more."}, 500)
