"""The edit distance of notation between made scores and the true ones, by musicdiff.

    python -m tests.benchmarks.score_edits ASAP [--split test] [--n-scores 20] [--bars 32] [--hints none]

OMR-NED (Foscarin et al., "A diff procedure for music score files", DLfM 2019; Martinez-Sevilla et al., "Sheet Music
Benchmark: Standardized Optical Music Recognition Evaluation", ISMIR 2025), as musicdiff has it: edits of notes,
rests, beams, ties, signatures … over all symbols of both scores; 0 is the same page. Only the first bars are
compared, because performances go on to repeats that scores do not write out, and because the cost grows fast; and
no more than were performed, so that excerpts (`score_excerpts`) may be measured, too.
"""

import argparse
import statistics
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

from pianotrans.datasets.asap import list_asap
from pianotrans.evaluation.score.collection import choose_pieces
from pianotrans.evaluation.score.hints import HINT_KINDS, hints_for
from pianotrans.score.settings import ScoreSettings


def edit_distance(truth: bytes, estimate: bytes, n_bars: int) -> float:
    """OMR-NED of the first bars of two files in MusicXML, pickup included; 0 … 1."""
    from music21 import converter
    from musicdiff import DetailLevel
    from musicdiff.annotation import AnnScore
    from musicdiff.comparison import Comparison
    from musicdiff.visualization import Visualization

    made, true = (
        AnnScore(converter.parseData(beginning(xml, n_bars), format="musicxml"), DetailLevel.Default)
        for xml in (estimate, truth)
    )
    _, distance = Comparison.annotated_scores_diff(made, true)
    return float(Visualization.get_omr_ned(distance, made.notation_size(), true.notation_size()))


def beginning(xml: bytes, n_bars: int) -> str:
    """A score without its bars of higher numbers."""
    root = ElementTree.fromstring(xml)
    for part in root.iter("part"):
        numbers = [measure.get("number", "") for measure in part]
        later = [i for i, number in enumerate(numbers) if number.isdigit() and int(number) > n_bars]
        for measure in part[later[0] :] if later else ():
            part.remove(measure)
    return ElementTree.tostring(root, encoding="unicode")


def unpack(path: Path) -> bytes:
    """The MusicXML in a compressed file."""
    with zipfile.ZipFile(path) as archive:
        name = next(n for n in archive.namelist() if n.endswith("xml") and not n.startswith("META-INF"))
        return archive.read(name)


def main() -> None:
    from pianotrans.score.making import make_score

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--n-scores", type=int, default=20)
    parser.add_argument("--bars", type=int, default=32)
    parser.add_argument("--hints", choices=HINT_KINDS, default="none")
    arguments = parser.parse_args()

    pieces = choose_pieces(list_asap(arguments.root), arguments.split, one_each=True)
    distances = []
    for piece in pieces[:: max(1, len(pieces) // arguments.n_scores)][: arguments.n_scores]:
        settings = ScoreSettings(hints=hints_for(arguments.hints, piece.beats))
        made = make_score(piece.load(), settings).to_musicxml()
        n_bars = min(arguments.bars, len(piece.beats.downbeats_s) - 1)
        distance = edit_distance(unpack(arguments.root / "scores" / f"{piece.score}.mxl"), made, n_bars)
        distances.append(distance)
        print(f"{piece.name:60s} {n_bars:3d} bars  {distance:.3f}", flush=True)
    print(f"mean of {len(distances)}: {statistics.fmean(distances):.3f}")


if __name__ == "__main__":
    sys.exit(main())
