"""Write outputs such that the ledger recognises them even if the process dies in between."""

import time
from contextlib import suppress
from pathlib import Path

from pianotrans.batch.entry import Figures
from pianotrans.batch.identity import digest
from pianotrans.batch.item import Item
from pianotrans.batch.judging import check_outputs
from pianotrans.batch.ledger import Ledger
from pianotrans.batch.owners import LEASE_S
from pianotrans.names import stored
from pianotrans.workers.messages import Finished
from pianotrans.workers.storage import exists, place_below, write


def deliver(item: Item, result: Finished, ledger: Ledger, *, overwrite: bool) -> bool:
    """Write the outputs of an item and mark it as done. Returns False if the claim is lost.

    The digests of the outputs are announced before anything is written. If the process is killed between any two
    steps, the next run recognises these outputs and may replace them. If the claim is already lost at the start,
    nothing is written.

    Raises OutputError if an output cannot be written, or if another program has put a file there in the meantime.
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
    outputs = [stored(place_below(ledger.out, path).as_posix()) for path in item.outputs.values()]
    return ledger.finish(item.name, outputs, digests.values(), figures)


def sweep(item: Item) -> None:
    """Remove temporary files older than a lease, which a killed process left beside an item's outputs."""
    for folder in {path.parent for path in item.outputs.values() if isinstance(path, Path)}:
        for path in folder.glob(".pianotrans-*.tmp"):
            with suppress(OSError):  # already gone, or owned by another user: harmless
                if time.time() - path.stat().st_mtime > LEASE_S:
                    path.unlink()
