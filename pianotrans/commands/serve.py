"""`pianotrans serve`: the web app."""

import math
import re
import secrets
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from pianotrans.commands.console import Reporter
from pianotrans.commands.exits import exits
from pianotrans.errors import ServerError, UsageError

_LARGEST_PORT = 65535


def serve(
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where to listen; by default only this machine gets there.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=_LARGEST_PORT, metavar="N", help="0: any that is free.")] = 8765,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    folder: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where to keep the jobs.", show_default="a folder of the user's"),
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME_OR_FOLDER", help="See `pianotrans models list`.")
    ] = None,
    device: Annotated[str, typer.Option(metavar="auto|cpu|cuda|cuda:N|mps", help="Where to compute.")] = "auto",
    precision: Annotated[
        str, typer.Option(metavar="auto|float32|bfloat16|float16", help="Of the network's products.")
    ] = "auto",
    hop: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="Between the starts of two segments: longer is faster."),
    ] = None,
    allow_truncated: Annotated[
        bool, typer.Option("--allow-truncated", help="Take what can be decoded of damaged files.")
    ] = False,
    jobs: Annotated[
        int, typer.Option(min=1, metavar="N", help="Recordings at once, in processes that share the cores.")
    ] = 1,
    max_upload: Annotated[float, typer.Option(metavar="MIB", help="Size of the largest file.")] = 512,
    max_minutes: Annotated[float, typer.Option(metavar="N", help="Length of the longest recording.")] = 120,
    max_queued: Annotated[int, typer.Option(min=1, metavar="N", help="Recordings that may wait.")] = 100,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="PIANOTRANS_TOKEN",
            metavar="WORD",
            help="To be shown by everybody.",
            show_default="none, or a new one where other machines get there",
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Another name that the server is called by, behind a proxy say."),
    ] = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Only errors.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Tracebacks of errors.")] = False,
) -> None:
    """Transcribe in the browser: drop recordings in, see them done, play, filter, download.

    Jobs are kept and go on after a restart. Needs FastAPI: pip install "pianotrans[web]". Ctrl-C ends it with exit
    code 0. Exit code 1: it cannot start or go on, 2: wrong usage, 130: interrupted before it had started.
    """
    reporter = Reporter(quiet=quiet, verbose=verbose)
    with exits(reporter, "Nothing was started."):
        _check_limits(max_upload, max_minutes)
        _check_token(token)
        _check_extra()
        import platformdirs

        from pianotrans.inference.registry import default_model, find_model
        from pianotrans.web.app import make_app
        from pianotrans.web.guard import Access
        from pianotrans.web.server import Server, address_of, is_loopback, open_socket
        from pianotrans.web.service import Limits, Service
        from pianotrans.web.spawning import process_starter
        from pianotrans.web.worker import Recipe

        find_model(model or default_model())
        limits = Limits(round(max_upload * 2**20), max_minutes * 60, max_queued)
        recipe = Recipe(model, device, precision, hop, allow_truncated, limits.max_duration_s)
        place = folder or platformdirs.user_data_path("pianotrans") / "web"
        with open_socket(host, port) as listening:
            is_local = is_loopback(listening)
            token = token or (None if is_local else secrets.token_urlsafe(24))
            access = Access(is_local, frozenset(name.lower() for name in [*(allow_host or ()), host]), token)
            with Service(
                place,
                limits,
                process_starter(recipe, jobs),
                n_workers=jobs,
                say=reporter.say,
                detail=reporter.detail,
            ) as service:
                with reporter.waiting("Loading the model …"):
                    service.start()
                address = address_of(listening) + (f"?token={token}" if token else "")
                typer.echo(f"Open {address} in a browser. Ctrl-C ends the server.")
                if open_page:
                    _open(address)
                Server(make_app(service, access), service.listeners).run([listening])
        reporter.say("Stopped. What is not done goes on at the next start.")


def _check_limits(max_upload: float, max_minutes: float) -> None:
    for name, value in (("max_upload", max_upload), ("max_minutes", max_minutes)):
        if not (math.isfinite(value) and value > 0):
            raise UsageError(f"{value:g} is not more than 0.", name)


def _check_token(token: str | None) -> None:
    if token is not None and not re.fullmatch(r"[A-Za-z0-9._~-]+", token):
        raise UsageError("letters, digits and . _ ~ - only, for addresses.", "token")


def _check_extra() -> None:
    for name in ("fastapi", "uvicorn"):
        if find_spec(name) is None:
            raise ServerError(f'the web app needs {name}, which is missing. Run: pip install "pianotrans[web]"')


def _open(address: str) -> None:
    """In a thread: some browsers do not let go before they are closed."""
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
