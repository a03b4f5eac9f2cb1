"""Runs over a collection that are killed at random moments, in processes forked off one that has loaded all.

usage: python -m tests.batch.killing FOLDER SEED

FOLDER/in holds the recordings, FOLDER/out takes the outputs. Prints as JSON how often it killed, and for every
recording that was done by then when its output was written (in ns), as it was found after the first such kill.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from pianotrans.audio import find_audio
from pianotrans.batch import Item, Ledger, Run
from pianotrans.batch.entry import EntryState
from pianotrans.inference.transcriber import Transcriber
from pianotrans.workers.worker import do_task

from .making import TINY, ScriptedPool

N_KILLS = 20


def go(items: list[Item], out: Path, transcriber: Transcriber) -> None:
    pool = ScriptedPool(lambda task: do_task(transcriber, TINY, task, lambda _: None))
    with Ledger(out) as ledger:
        Run(items, TINY, ledger, make_pool=lambda *_: pool).go()  # type: ignore


def main(folder: Path, seed: int) -> None:
    rng, out = random.Random(seed), folder / "out"
    sources = find_audio(folder / "in")
    places = [source.relative_to(folder / "in") for source in sources]
    items = [
        Item.of(place, source, {"mid": out / place.with_suffix(".mid")})
        for place, source in zip(places, sources, strict=True)
    ]
    transcriber = Transcriber("tiny", device="cpu", precision="float32")
    transcriber.transcribe(sources[0])  # compiles what is compiled on first use
    start_s = time.monotonic()
    transcriber.transcribe(sources[0])
    took_s = time.monotonic() - start_s
    n_kills, written = 0, {}
    for _ in range(N_KILLS):
        child = os.fork()
        if child == 0:
            go(items, out, transcriber)
            os._exit(0)
        time.sleep(rng.uniform(0.02, 0.02 + 2.5 * took_s))  # some more than a recording is done on average
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        n_kills += os.WIFSIGNALED(status)
        with Ledger(out) as ledger:
            done = {entry.name for entry in ledger.entries() if entry.state is EntryState.done}
        for item in items:
            if item.name in done:
                written.setdefault(item.name, item.outputs["mid"].stat().st_mtime_ns)
    go(items, out, transcriber)
    json.dump({"n_kills": n_kills, "written": written}, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
