"""How commands end: what went wrong in one line, and an exit code."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from pianotrans.commands.console import Reporter
from pianotrans.errors import Cancelled, DeviceError, PianotransError

SOME_FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130


@contextmanager
def exits(reporter: Reporter, after_interruption: str = "Nothing half-written is left.") -> Iterator[None]:
    """Tell of an error and exit with its code; of an interruption, also what it left behind."""
    try:
        yield
    except KeyboardInterrupt:
        reporter.error(Cancelled(f"Interrupted. {after_interruption}"))
        raise typer.Exit(INTERRUPTED) from None
    except typer.BadParameter as error:
        reporter.error(PianotransError(error.format_message()))
        raise typer.Exit(WRONG_USAGE) from None
    except PianotransError as error:
        reporter.error(error)
        raise typer.Exit(WRONG_USAGE if isinstance(error, DeviceError) else SOME_FAILED) from None
