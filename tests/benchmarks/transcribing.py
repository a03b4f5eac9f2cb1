"""Transcribe a list of recordings and take the processor time; run by `tradeoff`, under any Python.

usage: python transcribing.py SYSTEM TASKS

SYSTEM is a model of pianotrans, or basic-pitch. TASKS is a JSON file with a list of [recording, MIDI to write].
Prints JSON: the processor time of each recording, without loading and warming up, and the process's peak memory.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

BASIC_PITCH = "basic-pitch"


def basic_pitch() -> Callable[[str, str], None]:
    """Its ONNX model, with its defaults."""
    from basic_pitch import FilenameSuffix, build_icassp_2022_model_path  # type: ignore[import-not-found]
    from basic_pitch.inference import Model, predict  # type: ignore[import-not-found]

    model = Model(build_icassp_2022_model_path(FilenameSuffix.onnx))

    def transcribe(recording: str, midi: str) -> None:
        predict(recording, model)[1].write(midi)

    return transcribe


def pianotrans(model: str) -> Callable[[str, str], None]:
    """A model with the defaults of the command line, confidences included."""
    from pianotrans import Transcriber

    transcriber = Transcriber(model, device="cpu")

    def transcribe(recording: str, midi: str) -> None:
        transcriber.transcribe(recording).save(midi)

    return transcribe


def main() -> None:
    """Do all tasks; the first one twice, as some things are made once."""
    sys.path.pop(0)  # this folder, whose modules have names of others
    system, tasks = sys.argv[1], json.loads(Path(sys.argv[2]).read_text())
    transcribe = basic_pitch() if system == BASIC_PITCH else pianotrans(system)
    took_s = []
    for i, task in enumerate([tasks[0], *tasks]):
        start_s = time.process_time()
        Path(task[1]).unlink(missing_ok=True)
        transcribe(*task)
        if i:
            took_s.append(time.process_time() - start_s)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"took_s": took_s, "peak_mib": peak / 2 ** (20 if sys.platform == "darwin" else 10)}))


if __name__ == "__main__":
    main()
