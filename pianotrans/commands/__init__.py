"""The command line: one file per command, and the only place that prints."""

from pianotrans.commands.app import main

__all__ = ["main"]
