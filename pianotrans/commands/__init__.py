"""The command line: one file per command, and the only place that prints."""

from pianotrans.commands.entry import main

__all__ = ["main"]
