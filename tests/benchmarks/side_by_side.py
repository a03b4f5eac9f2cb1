"""Pictures to look at: the first page of a made score on the left, that of the true one on the right.

    python -m tests.benchmarks.side_by_side ASAP OUT [--split test] [--filter TEXT] [--limit N] [--hints none]

OUT gets a PNG for each composition. Both are engraved by Verovio, with the same options.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from pianotrans.datasets.asap import list_asap
from pianotrans.evaluation.score.collection import choose_pieces
from pianotrans.evaluation.score.hints import HINT_KINDS, hints_for
from pianotrans.score.engraving import pdf
from pianotrans.score.settings import ScoreSettings
from tests.benchmarks.score_edits import unpack

OPTIONS = {
    "pageWidth": 2100,
    "pageHeight": 2970,
    "scale": 80,
    "scaleToPageSize": True,
    "svgViewBox": True,
    "footer": "none",
}  # A4, as pianotrans engraves


def first_page(musicxml: bytes) -> np.ndarray:
    """Pixels of A4, at 115 dots per inch."""
    import pypdfium2
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions(OPTIONS)
    toolkit.loadData(musicxml.decode())
    return np.array(pypdfium2.PdfDocument(pdf([toolkit.renderToSVG(1)]))[0].render(scale=1.6).to_pil())


def main() -> None:
    from PIL import Image

    from pianotrans.score.making import make_score

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--filter")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--hints", choices=HINT_KINDS, default="none")
    arguments = parser.parse_args()

    arguments.out.mkdir(parents=True, exist_ok=True)
    pieces = choose_pieces(list_asap(arguments.root), arguments.split, True, arguments.filter, arguments.limit)
    for piece in pieces:
        settings = ScoreSettings(hints=hints_for(arguments.hints, piece.beats))
        made = make_score(piece.load(), settings, title=piece.name).to_musicxml()
        true = unpack(arguments.root / "scores" / f"{piece.score}.mxl")
        both = np.concatenate([first_page(made), first_page(true)], axis=1)
        Image.fromarray(both).save(arguments.out / f"{piece.name}.png")
        print(piece.name, flush=True)


if __name__ == "__main__":
    sys.exit(main())
