"""Turn errors into one line and an exit code."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from pianotrans.commands.console import Reporter
from pianotrans.errors import Cancelled, PianotransError, UsageError

_OPTIONS = {
    "n_jobs": "--jobs",
    "n_at_most": "--limit",
    "name_filter": "--filter",
    "limit_s": "--seconds",
    "velocity_exponent": "--velocity-curve",
}
"""Settings whose options have a different name."""


@contextmanager
def exits(reporter: Reporter, after_interruption: str = "Nothing half-written is left.") -> Iterator[None]:
    """Turn errors and interruptions into a line on standard error and an exit code.

    Args:
        reporter: prints the line.
        after_interruption: the message after Ctrl-C, which says what remains of the work.
    """
    try:
        yield
    except KeyboardInterrupt:
        reporter.error(Cancelled(f"Interrupted. {after_interruption}"))
        raise typer.Exit(Cancelled.exit_code) from None
    except PianotransError as error:
        reporter.error(error, in_words(error))
        raise typer.Exit(error.exit_code) from None


def in_words(error: PianotransError) -> str:
    """The message of an error, with options in place of the names of settings."""
    if not isinstance(error, UsageError) or not error.settings:
        return str(error)
    return f"{', '.join(map(option_of, error.settings))}: {error.reason}"


def option_of(setting: str) -> str:
    """The option for a setting: `--hop` for `hop_s`, because options have no units."""
    return _OPTIONS.get(setting) or f"--{setting.removesuffix('_s').replace('_', '-')}"
