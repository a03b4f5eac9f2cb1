"""What the READMEs mention exists: files, headings, commands and options."""

import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from pianotrans.commands.app import app
from pianotrans.version import __version__
from tests.conftest import REPOSITORY
from tests.readme_blocks import FILES, SHELL, text_of

OF_OTHER_PROGRAMS = {"-H"}


def test_files_and_headings_that_are_linked_exist():
    for file in FILES:
        for target in re.findall(r"\]\(([^)]+)\)", text_of(file)):
            if "://" in target:
                continue
            name, _, heading = target.partition("#")
            linked = (REPOSITORY / file).parent / name if name else REPOSITORY / file
            assert linked.exists(), f"{file}: {target}"
            assert not heading or heading in headings(linked), f"{file}: {target}"


def headings(path: Path) -> set[str]:
    """The anchors of a document's headings."""
    titles = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("file", FILES, ids=str)
def test_commands_and_options_that_are_mentioned_exist(file: Path):
    for code in mentioned(file):
        before, called, arguments = code.partition("pianotrans ")
        if called and not before.strip().endswith(("-m", "import", "from")):
            command = command_of(shlex.split(arguments))
        elif code.startswith("-"):
            command, arguments = program(), code
        else:
            continue
        options = re.findall(r"(?<!\S)-{1,2}[a-zA-Z][\w-]*", arguments)
        unknown = set(options) - options_of(command) - OF_OTHER_PROGRAMS
        assert not unknown, f"{file}: {code}"


def mentioned(file: Path) -> list[str]:
    """What stands as code in a README: in its text, and in its blocks of commands."""
    prose = re.sub(r"^```.*?^```", "", text_of(file), flags=re.DOTALL | re.MULTILINE)
    spans = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose)]
    return [*spans, *(line for block in SHELL if block.file == file for line in block.lines)]


@cache
def program() -> Any:
    return typer.main.get_command(app)


def command_of(words: list[str]) -> Any:
    """The command that a line calls, or the group of which it names no command."""
    command = program()
    for word in words:
        if not hasattr(command, "commands") or not word.isalpha():
            break
        assert word in command.commands, f"pianotrans {' '.join(words)}"
        command = command.commands[word]
    return command


def options_of(command: Any) -> set[str]:
    """The options of a command, or of all commands of a group."""
    own = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    below = getattr(command, "commands", {}).values()
    return own.union({"--help"}, *(options_of(one) for one in below))


def test_the_citation_names_this_version():
    citation = text_of(Path("CITATION.cff"))
    assert re.findall(r"^version: (.*)$", citation, re.MULTILINE) == [__version__]
