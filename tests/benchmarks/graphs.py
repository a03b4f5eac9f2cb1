"""Whether exported graphs write the notes that torch writes, and how fast they are in onnxruntime.

usage: python -m tests.benchmarks.graphs MODEL RECORDING … [--seconds N] [--hop N]

MODEL is a name, or the folder of a model. Both compute in float32, on as many threads as torch has.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from unittest.mock import patch

from pianotrans.audio import Reading
from pianotrans.events import Performance
from pianotrans.inference import batching
from pianotrans.inference.portable import export_onnx
from pianotrans.inference.registry import find_model
from pianotrans.inference.transcriber import Transcriber
from tests.agreement import n_same_notes, n_same_pedals
from tests.graphs import Graphs, decoding_with


@dataclass(frozen=True)
class Agreement:
    """Of two transcriptions of a recording: notes and pedals, and how many both have."""

    n_torch: int
    n_graphs: int
    n_same: int  # with the same key and velocity, onset and offset within 2 ms
    torch_s: float  # processor time
    graphs_s: float

    def plus(self, other: "Agreement") -> "Agreement":
        """The sums of both."""
        return Agreement(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def __str__(self) -> str:
        return (
            f"{self.n_torch} notes and pedals in torch, {self.n_graphs} in onnxruntime, {self.n_same} the same; "
            f"{self.torch_s:.2f} s and {self.graphs_s:.2f} s"
        )


def compare(
    model: str, graphs: Graphs, recordings: Sequence[Path], reading: Reading, hop_s: float | None
) -> Iterator[Agreement]:
    """Transcribe each recording in both ways."""
    transcriber = Transcriber(model, device="cpu", precision="float32", confidence=False, hop_s=hop_s)
    begin = Reading(reading.start_s, reading.start_s + 1)
    transcriber.transcribe(recordings[0], reading=begin)  # what is made once
    for recording in recordings:
        ours, torch_s = _timed(transcriber, recording, reading)
        with patch.object(batching, "decode_segments", decoding_with(graphs)):
            theirs, graphs_s = _timed(transcriber, recording, reading)
        n_same = n_same_notes(ours.notes, theirs.notes) + n_same_pedals(ours.pedals, theirs.pedals)
        n_torch, n_graphs = (len(one.notes) + len(one.pedals) for one in (ours, theirs))
        yield Agreement(n_torch, n_graphs, n_same, torch_s, graphs_s)


def _timed(transcriber: Transcriber, recording: Path, reading: Reading) -> tuple[Performance, float]:
    start_s = time.process_time()
    performance = transcriber.transcribe(recording, reading=reading)
    return performance, time.process_time() - start_s


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("recordings", nargs="+", type=Path, metavar="RECORDING")
    parser.add_argument("--seconds", type=float, help="of each recording")
    parser.add_argument("--hop", type=float, help="seconds between two segments")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "graphs"
        sizes = export_onnx(find_model(arguments.model), folder)
        print(*(f"{name}: {size / 1e6:.2f} MB" for name, size in sizes.items() if name.endswith(".onnx")))
        graphs, reading = Graphs(folder), Reading(end_s=arguments.seconds)
        found = compare(arguments.model, graphs, arguments.recordings, reading, arguments.hop)
        total = Agreement(0, 0, 0, 0.0, 0.0)
        for recording, one in zip(arguments.recordings, found, strict=True):
            print(f"{recording.name}: {one}", flush=True)
            total = total.plus(one)
        print(f"all: {total}")


if __name__ == "__main__":
    main()
