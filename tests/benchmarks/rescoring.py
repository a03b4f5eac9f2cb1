"""How soon the score follows an edit, on the server: the work of its process.

usage: python -m tests.benchmarks.rescoring PIECE.mid

The first three minutes of the piece stand for a transcription. Each request has other edits: nothing is remembered.
"""

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from pianotrans.edits import Change, Edits, TrackEdits, digest_of, identities_of
from pianotrans.events import Performance, load_midi
from pianotrans.events.cutting import cut_at
from pianotrans.workers.formats import FORMATS, Heard
from pianotrans.workers.revising import Revise, revise

LENGTH_S = 180.0
N_TIMES = 5


def edited(performance: Performance, velocity: int) -> bytes:
    """Edits of the first note."""
    note = performance.notes[0]
    change = Change(identities_of([note])[0], note, {"velocity": velocity})
    document = Edits("piece", len(performance.notes), digest_of(performance), notes=TrackEdits((change,)))
    return json.dumps(document.to_dict()).encode()


def main(path: str) -> None:
    """Measure in processor seconds, which other programs do not change, and print."""
    performance = cut_at(load_midi(Path(path)), LENGTH_S)
    print(f"{len(performance.notes)} notes, {LENGTH_S:.0f} s")
    with tempfile.TemporaryDirectory() as folder:
        transcription = Path(folder) / "transcription.json"
        transcription.write_bytes(FORMATS["json"].encode(Heard(performance, transcription)))

        def ask(velocity: int, format_name: str | None) -> float:
            order = Revise(transcription, "piece", edited(performance, velocity), format_name)
            start_s = time.process_time()
            revise(order)
            return time.process_time() - start_s

        names: tuple[str | None, ...] = (None, "mid", "musicxml")
        for i, name in enumerate(names):
            first_s = ask(2, name)
            times_s = [ask(10 * i + velocity, name) for velocity in range(3, 3 + N_TIMES)]
            print(f"{name or 'score'}: first {first_s:.2f} s, then median {statistics.median(times_s):.2f} s")


if __name__ == "__main__":
    main(sys.argv[1])
