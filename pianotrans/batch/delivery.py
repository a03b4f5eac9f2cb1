"""Outputs, written so that whatever happens in between the ledger knows what is ours."""

import time
from contextlib import suppress
from pathlib import Path

from pianotrans.batch.identity import digest, ledger_text
from pianotrans.batch.item import Item
from pianotrans.batch.judging import check_outputs
from pianotrans.batch.ledger import Figures, Ledger
from pianotrans.batch.owners import LEASE_S
from pianotrans.workers.messages import Finished
from pianotrans.workers.storage import exists, place_below, write


def deliver(item: Item, result: Finished, ledger: Ledger, *, overwrite: bool) -> bool:
    """Write the outputs of an item and note it as done; False, and nothing is written, if the claim is lost.

    What is going to be written is announced first: killed between any two of these steps, the next run finds
    outputs that it knows as its own and may replace.

    Raises OutputError if an output cannot be written, or somebody else put a file there meanwhile.
    """
    digests = {name: digest(content).hexdigest() for name, content in result.contents.items()}
    before = ledger.entry(item.name)
    if not ledger.announce(item.name, digests.values()):
        return False
    if not overwrite and before.identity is not None:
        check_outputs(before, item, before.identity)
    for name, path in item.outputs.items():
        write(path, result.contents[name], overwrite=overwrite or exists(path))
    figures = Figures(result.audio_s, result.took_s, result.n_notes)
    outputs = [ledger_text(place_below(ledger.out, path)) for path in item.outputs.values()]
    return ledger.finish(item.name, outputs, digests.values(), figures)


def sweep(item: Item) -> None:
    """Remove what a writer that was killed left beside an item's outputs: temporary files older than a lease."""
    for folder in {path.parent for path in item.outputs.values() if isinstance(path, Path)}:
        for path in folder.glob(".pianotrans-*.tmp"):
            with suppress(OSError):  # gone already, or not ours to remove: it does no harm
                if time.time() - path.stat().st_mtime > LEASE_S:
                    path.unlink()
