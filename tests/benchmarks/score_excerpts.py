"""Cut the beginnings of performances of (n)ASAP into a folder of the same layout, to be measured on small machines.

    python -m tests.benchmarks.score_excerpts ASAP OUT [--split test] [--n-pieces N] [--seconds 90]

One performance of each composition is taken: at first one of every composer, then the second of every composer
that has one, and so on. What follows `--seconds` is cut from the MIDI, the beats and the alignments; true scores
stay whole, so what is counted per bar in them is counted on the whole piece.
"""

import argparse
import csv
import gzip
import sys
from collections import defaultdict
from pathlib import Path

from pianotrans.datasets.asap import list_asap
from pianotrans.datasets.beats import AnnotatedPiece
from pianotrans.evaluation.score.collection import choose_pieces
from pianotrans.events.cutting import cut_at


def in_turn(pieces: list[AnnotatedPiece]) -> list[AnnotatedPiece]:
    """The pieces, in rounds over their composers."""
    n_before: dict[str, int] = defaultdict(int)
    rounds = []
    for i, piece in enumerate(pieces):
        rounds.append((n_before[piece.composer], i))
        n_before[piece.composer] += 1
    return [pieces[i] for _, i in sorted(rounds)]


def cut(root: Path, out: Path, piece: AnnotatedPiece, seconds: float) -> None:
    """Write the beginning of one piece."""
    name = piece.name
    cut_at(piece.load(), seconds).save(out / "performances" / f"{name}.mid")
    beats = (root / "beats" / f"{name}.txt").read_text().splitlines(keepends=True)
    kept = [line for line in beats if float(line.split("\t")[0]) < seconds]
    (out / "beats" / f"{name}.txt").write_text("".join(kept))
    with gzip.open(root / "alignment" / f"{name}.tsv.gz", "rt") as file:
        header, *rows = file
    kept = [row for row in rows if float(row.split("\t")[0]) < seconds]
    with gzip.open(out / "alignment" / f"{name}.tsv.gz", "wt") as file:
        file.writelines([header, *kept])
    score = Path("scores") / f"{piece.score}.mxl"
    (out / score).write_bytes((root / score).read_bytes())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--n-pieces", type=int, help="the first so many (default: all)")
    parser.add_argument("--seconds", type=float, default=90)
    arguments = parser.parse_args()

    pieces = choose_pieces(list_asap(arguments.root), arguments.split, one_each=True)
    chosen = in_turn(pieces)[: arguments.n_pieces]
    for folder in ("performances", "beats", "alignment", "scores"):
        (arguments.out / folder).mkdir(parents=True, exist_ok=True)
    for piece in chosen:
        cut(arguments.root, arguments.out, piece, arguments.seconds)
    names = {piece.name for piece in chosen}
    with (arguments.root / "performances.csv").open() as file:
        records = [record for record in csv.DictReader(file) if record["id"] in names]
    with (arguments.out / "performances.csv").open("w") as file:
        table = csv.DictWriter(file, records[0])
        table.writeheader()
        table.writerows(records)


if __name__ == "__main__":
    sys.exit(main())
