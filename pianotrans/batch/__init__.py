"""Whole collections: many recordings, a ledger of what is done, worker processes.

The run owns the ledger and writes the outputs; workers turn one recording after another into the contents of its
files. Importing this package loads no torch: only workers need it.
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
    "transcribe_folder",
    "transcribe_items",
    "write_report",
]
