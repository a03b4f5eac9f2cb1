"""`pianotrans serve`: the web app."""

import math
import re
import secrets
import threading
from pathlib import Path
from typing import Annotated

import typer

from pianotrans.audio import Reading
from pianotrans.commands import options
from pianotrans.commands.console import Reporter
from pianotrans.commands.exits import exits
from pianotrans.commands.streams import print_line
from pianotrans.errors import ServerError, UsageError

_LARGEST_PORT = 65535
_SHORTEST_TOKEN = 16


def serve(
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Address to listen on; by default only this machine can connect.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=_LARGEST_PORT, metavar="N", help="Port to listen on; 0 takes any free port.")
    ] = 8765,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    folder: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Keep the jobs in this folder.", show_default="in the user's data folder"
        ),
    ] = None,
    model: options.Model = None,
    quality: options.Quality = None,
    device: options.Device = "auto",
    precision: options.Precision = "auto",
    hop: options.Hop = None,
    allow_damaged: options.AllowDamaged = False,
    jobs: options.Jobs = None,
    max_upload: Annotated[float, typer.Option(metavar="MIB", help="Refuse files larger than this.")] = 512,
    max_minutes: Annotated[float, typer.Option(metavar="N", help="Refuse recordings longer than this.")] = 120,
    max_queued: Annotated[
        int, typer.Option(min=1, metavar="N", help="Refuse uploads while this many recordings wait.")
    ] = 100,
    max_job_minutes: Annotated[
        float | None,
        typer.Option(
            metavar="N",
            help="Stop a recording that takes longer than this.",
            show_default="10, and ten times the recording's length",
        ),
    ] = None,
    min_free: Annotated[
        float | None,
        typer.Option(
            metavar="MIB",
            help="Refuse uploads that leave less than this free on the disk.",
            show_default="256, or a twentieth of a small disk",
        ),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="PIANOTRANS_TOKEN",
            metavar="WORD",
            help="Require this token, of at least 16 characters, from every client.",
            show_default="none; a random one if other machines can connect",
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Accept this host name, too, for example behind a proxy."),
    ] = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Transcribe in the browser: drop recordings on a page, then play, check and download the results.

    The server keeps its jobs and continues them after a restart. Exit codes: 0 stopped with Ctrl-C, 1 cannot start
    or continue, 2 wrong usage, 130 interrupted before the start.
    """
    reporter = Reporter(quiet=quiet, verbose=verbose)
    with exits(reporter, "Nothing was started."):
        _check_limits(
            max_upload=max_upload, max_minutes=max_minutes, max_job_minutes=max_job_minutes, min_free=min_free
        )
        _check_token(token)
        model = options.choose_model(model, quality)
        from pianotrans.inference.registry import default_model, find_model
        from pianotrans.web.app import make_app
        from pianotrans.web.guard import Access
        from pianotrans.web.server import Server, address_of, is_loopback, open_socket
        from pianotrans.web.service import Limits, Service
        from pianotrans.workers.formats import writable_formats
        from pianotrans.workers.pool import Pool
        from pianotrans.workers.recipe import Recipe

        find_model(model or default_model())
        limits = Limits(
            max_upload_bytes=round(max_upload * 2**20),
            max_duration_s=max_minutes * 60,
            max_queued=max_queued,
            max_job_s=None if max_job_minutes is None else max_job_minutes * 60,
            min_free_bytes=None if min_free is None else round(min_free * 2**20),
        )
        recipe = Recipe(
            formats=writable_formats(),
            model=model,
            device=device,
            precision=precision,
            hop_s=hop,
            reading=Reading(allow_damaged=allow_damaged),
            max_duration_s=limits.max_duration_s,
        )
        place = folder or _user_folder()
        with open_socket(host, port) as listening:
            is_local = is_loopback(listening)
            token = token or (None if is_local else secrets.token_urlsafe(24))
            access = Access(is_local, frozenset(name.lower() for name in [*(allow_host or ()), host]), token)
            pool = Pool(recipe, jobs or 1)
            with Service(place, limits, pool, say=reporter.say, detail=reporter.detail) as service:
                with reporter.waiting("Loading the model …"):
                    service.start()
                address = address_of(listening) + (f"?token={token}" if token else "")
                print_line(f"Open {address} in a browser. Ctrl-C stops the server.")
                if open_page:
                    _open(address)
                Server(make_app(service, access), service).run([listening])
                if service.is_dead:
                    raise ServerError(str(service.problem))
        reporter.say("Stopped. Unfinished recordings continue after the next start.")


def _check_limits(**limits: float | None) -> None:
    for name, value in limits.items():
        if value is not None and not (math.isfinite(value) and value > 0):
            raise UsageError(f"{value:g} given; it must be more than 0.", name)


def _check_token(token: str | None) -> None:
    if token is None:
        return
    if not re.fullmatch(r"[A-Za-z0-9._~-]+", token):
        raise UsageError("use only letters, digits and . _ ~ -", "token")
    if len(token) < _SHORTEST_TOKEN:
        raise UsageError(
            f"{len(token)} characters given; use at least {_SHORTEST_TOKEN}, because short ones can be guessed.",
            "token",
        )


def _user_folder() -> Path:
    """Where the jobs are kept by default. Raises UsageError for a user without a home."""
    import platformdirs

    try:
        return platformdirs.user_data_path("pianotrans") / "web"
    except RuntimeError as error:
        raise UsageError("no home folder to keep the jobs in. Name another one.", "folder") from error


def _open(address: str) -> None:
    """Open a browser, in a thread: with some browsers the call returns only when they are closed."""
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
