"""Whole collections: many recordings, a ledger of what is done, worker processes.

The run owns the ledger and writes the outputs; workers turn one recording after the other into the contents of
its outputs and touch nothing else. So a worker may die at any moment, and may be on another machine.
Importing this package loads no torch: only workers need it.
"""

from pianotrans.batch.item import End, Item, Outcome
from pianotrans.batch.ledger import Ledger
from pianotrans.batch.report import write_report
from pianotrans.batch.run import Options, Run, Watcher

__all__ = ["End", "Item", "Ledger", "Options", "Outcome", "Run", "Watcher", "write_report"]
