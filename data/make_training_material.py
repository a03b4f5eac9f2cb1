"""What the model `small` learns from: the training part of MAPS, cut up anew.

usage: python data/make_training_material.py MAPS OUT

MAPS is a folder with `pairs.csv` (columns audio, midi, split, piano, duration). OUT becomes a data set for
`pianotrans prepare` (`pairs.csv`, `recordings/`), with `midi/` besides, for `pianotrans synthesize`. Only
rows of the split `train` are taken: the real recordings of MAPS, of the split `test`, stay unheard. Every sixteenth
composition is kept for validation, on whatever piano it was played, and is left out of `midi/`.
"""

import csv
import shutil
import sys
from pathlib import Path

EVERY = 16  # compositions to one that is kept for validation


def composition(midi: str) -> str:
    """What is played, without the piano: train/bach_846_AkPnBcht.mid → bach_846."""
    return Path(midi).stem.rpartition("_")[0]


def main() -> None:
    """Write the table and copy what it names."""
    maps, out = Path(sys.argv[1]), Path(sys.argv[2])
    with (maps / "pairs.csv").open(newline="", encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if row["split"] == "train"]
    kept = set(sorted({composition(row["midi"]) for row in rows})[EVERY - 1 :: EVERY])
    for name in ("recordings", "midi"):
        (out / name).mkdir(parents=True)
    with (out / "pairs.csv").open("w", newline="", encoding="utf-8") as table:
        writer = csv.writer(table)
        writer.writerow(("audio", "midi", "split", "group", "duration"))
        for row in reversed(rows):  # of several performances of a composition the first is played
            paths = [f"recordings/{Path(row[kind]).name}" for kind in ("audio", "midi")]
            for kind, path in zip(("audio", "midi"), paths, strict=True):
                shutil.copy(maps / row[kind], out / path)
            is_kept = composition(row["midi"]) in kept
            writer.writerow((*paths, "validation" if is_kept else "train", row["piano"], row["duration"]))
            if not is_kept:
                shutil.copy(maps / row["midi"], out / "midi" / f"{composition(row['midi'])}.mid")


if __name__ == "__main__":
    main()
