"""Transcribe whole collections: the run, its ledger, and its report.

The run owns the ledger and writes the outputs. Workers turn recordings into the contents of their output files.
Importing this package does not load torch; only the workers need it.
"""

from pianotrans.batch.collection import (
    CollectionResult,
    Destination,
    below,
    transcribe_folder,
    transcribe_items,
)
from pianotrans.batch.item import End, Item, Outcome
from pianotrans.batch.ledger import Ledger
from pianotrans.batch.outputs import name_outputs
from pianotrans.batch.report import write_report
from pianotrans.batch.run import Options, Run, RunWatcher

__all__ = [
    "CollectionResult",
    "Destination",
    "End",
    "Item",
    "Ledger",
    "Options",
    "Outcome",
    "Run",
    "RunWatcher",
    "below",
    "name_outputs",
    "transcribe_folder",
    "transcribe_items",
    "write_report",
]
