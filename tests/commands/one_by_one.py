"""Commands one after the other in one process, which loads the libraries once, on whatever its streams lead to.

usage: python -m tests.commands.one_by_one COMMANDS

COMMANDS is JSON, a list of [environment, arguments]. For each of them, standard output and standard error are
opened anew in the encoding that PYTHONIOENCODING names, as Python does when it starts. The exit code, between two
characters MARK, follows what a command prints on standard output.
"""

import io
import json
import os
import sys

from pianotrans.commands import main

MARK = "\x1e"


def run_all(commands: list[tuple[dict[str, str], list[str]]]) -> None:
    """Run the commands."""
    before = dict(os.environ)
    for environment, arguments in commands:
        os.environ.clear()
        os.environ.update(before | environment)
        sys.argv[1:] = arguments
        sys.stdout, sys.stderr = (
            io.TextIOWrapper(open(number, "wb", closefd=False), encoding=environment.get("PYTHONIOENCODING"))  # noqa: SIM115
            for number in (1, 2)
        )
        status = 0
        try:
            main()
        except SystemExit as end:
            status = end.code
        sys.stdout.flush()
        os.write(1, f"{MARK}{status}{MARK}".encode())


if __name__ == "__main__":
    run_all(json.loads(sys.argv[1]))
