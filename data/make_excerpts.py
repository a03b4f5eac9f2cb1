"""Minutes of human performances, to be played by `pianotrans synthesize` as material for small models.

usage: python data/make_excerpts.py ASAP OUT PIANO…

ASAP is a folder with `performances.csv` (columns id, composer, title, split, render) and `performances/ID.mid`. Of
every performance that may be rendered and is not in the test split, OUT gets two excerpts of a minute, one of each
half. They are dealt out to a folder for each PIANO, whatever its name; the first gets as many as all the others.
Every sixteenth composition is kept for validation, in the folder `validation`.
"""

import csv
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import TypeVar

import numpy as np

from pianotrans.events import Note, Pedal, Performance, load_midi
from pianotrans.events.cutting import cut_at

LENGTH_S = 60.0
EVERY = 16  # compositions to one that is kept for validation
LEAST_NOTES = 10
VALIDATION = "validation"

Event = TypeVar("Event", Note, Pedal)


def excerpt(performance: Performance, begin_s: float, end_s: float) -> Performance:
    """What happens between two moments, which becomes a performance of its own; notes must begin there."""
    cut = cut_at(performance, end_s)
    notes = tuple(_earlier(note, begin_s) for note in cut.notes if note.onset_s >= begin_s)
    pedals = tuple(_earlier(pedal, begin_s) for pedal in cut.pedals if pedal.offset_s > begin_s)
    return Performance(notes, pedals, min(cut.duration_s, end_s) - begin_s)


def _earlier(event: Event, by_s: float) -> Event:
    return replace(event, onset_s=max(event.onset_s - by_s, 0.0), offset_s=event.offset_s - by_s)


def excerpts(performance: Performance, random: np.random.Generator) -> Iterator[Performance]:
    """One from each half of a performance, or all of a short one."""
    spare_s = performance.end_s - LENGTH_S
    if spare_s <= LENGTH_S / 2:
        yield excerpt(performance, 0.0, LENGTH_S)
        return
    for half in (0, 1):
        begin_s = float(random.uniform(half * spare_s / 2, (half + 1) * spare_s / 2))
        yield excerpt(performance, begin_s, begin_s + LENGTH_S)


def main() -> None:
    """Write the excerpts as MIDI files."""
    asap, out, pianos = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
    with (asap / "performances.csv").open(newline="", encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if row["render"] == "yes" and row["split"] != "test"]
    works = sorted({(row["composer"], row["title"]) for row in rows})
    kept = set(works[EVERY - 1 :: EVERY])
    turns = cycle([piano for other in pianos[1:] or pianos for piano in dict.fromkeys((pianos[0], other))])
    random = np.random.default_rng(0)
    for folder in (*pianos, VALIDATION):
        (out / folder).mkdir(parents=True)
    for row in rows:
        performance = load_midi(asap / "performances" / f"{row['id']}.mid")
        for number, some in enumerate(excerpts(performance, random)):
            if len(some.notes) >= LEAST_NOTES:
                folder = VALIDATION if (row["composer"], row["title"]) in kept else next(turns)
                some.save(out / folder / f"{row['id']}_{number}.mid")


if __name__ == "__main__":
    main()
