"""The entry point of the program. It loads little, so that Ctrl-C in the first second is no traceback."""

import os
import sys
import traceback

from pianotrans.commands.streams import prepare_streams
from pianotrans.errors import FAILED, INTERRUPTED, OutputError, PianotransError
from pianotrans.names import shown


def main() -> None:
    """Run the command line."""
    try:
        prepare_streams()
        _check_working_folder()
        from pianotrans.commands.app import app

        try:
            app()
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except PianotransError as error:  # outside the work of a command, where `exits` is not yet or no longer at hand
        _tell(error, str(error))
        sys.exit(error.exit_code)
    except Exception as error:
        _tell(
            error, f"unexpected {type(error).__name__}: {error}. Please report this with the output of --verbose."
        )
        sys.exit(FAILED)


def _check_working_folder() -> None:
    """Raise OutputError if the working folder was deleted: some libraries end the process when they meet that."""
    try:
        os.getcwd()  # noqa: PTH109 - the module of paths is not loaded yet
    except OSError as error:
        raise OutputError(
            f"the working folder cannot be used ({error.strerror}). Go to another one with cd, and start again."
        ) from error


def _tell(error: Exception, message: str) -> None:
    """One line, without what a terminal would obey; the traceback where details were asked for."""
    if not {"-v", "--verbose"}.isdisjoint(sys.argv):
        traceback.print_exception(error)
    sys.stderr.write(f"error: {shown(' '.join(message.split()))}\n")
