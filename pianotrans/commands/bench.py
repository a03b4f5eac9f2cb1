"""`pianotrans bench`: how fast this machine transcribes, and where the time goes."""

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pianotrans.commands import options
from pianotrans.commands.console import Reporter, make_console
from pianotrans.commands.exits import exits
from pianotrans.commands.streams import print_line
from pianotrans.errors import UsageError
from pianotrans.names import shown

if TYPE_CHECKING:
    from pianotrans.audio import AudioReader
    from pianotrans.inference.profiling import StageTime
    from pianotrans.inference.transcriber import Transcriber

_NOISE_RATE = 44_100
_SHORTEST_S, _LONGEST_S = 0.1, 86_400.0
_FILE_WIDTH = 100  # where standard output is no terminal


def bench(
    audio: Annotated[
        Path | None,
        typer.Argument(metavar="[AUDIO]", help="Recording to transcribe.", show_default="noise"),
    ] = None,
    seconds: Annotated[
        float,
        typer.Option(metavar="SECONDS", help="Transcribe this much of it, from its beginning."),
    ] = 60.0,
    hop: options.Hop = None,
    model: options.Model = None,
    quality: options.Quality = None,
    device: options.Device = "auto",
    precision: options.Precision = "auto",
    as_json: options.AsJson = False,
) -> None:
    """Time every stage of a transcription on this machine.

    The recording, or noise in its place, is transcribed twice: first to count the work, then to take the time.
    """
    reporter = Reporter(quiet=as_json)
    with exits(reporter):
        model = options.choose_model(model, quality)
        if not _SHORTEST_S <= seconds <= _LONGEST_S:
            raise UsageError(
                f"{seconds:g} s given; it must be from {_SHORTEST_S:g} to {_LONGEST_S:g} s.", "seconds"
            )
        with reporter.waiting("Loading the model …"):
            start_s = time.perf_counter()
            from pianotrans.inference.transcriber import Transcriber

            transcriber = Transcriber(model, device=device, precision=precision, hop_s=hop, say=reporter.say)
            start_up_s = time.perf_counter() - start_s
        with reporter.waiting("Transcribing …"):
            report = _measure(transcriber, audio, seconds) | {"start_up_s": start_up_s}
    if as_json:
        print_line(json.dumps(report, indent=1))
    else:
        _show(report)


def _measure(transcriber: "Transcriber", audio: Path | None, seconds: float) -> dict[str, Any]:
    from pianotrans.inference.profiling import matmul_gflops, time_stages

    stages, duration_s = time_stages(transcriber, lambda: _open(audio, seconds))
    peak_gflops = matmul_gflops(transcriber.device)  # takes seconds, which bad input need not wait for
    total_s = sum(stage.took_s for stage in stages)
    return {
        "audio": "noise" if audio is None else str(audio),
        "audio_s": duration_s,
        "model": transcriber.entry.name,
        "device": str(transcriber.device),
        "precision": str(transcriber.precision).removeprefix("torch."),
        "threads": _n_threads(),
        "hop_s": transcriber.plan.hop_samples / transcriber.plan.sample_rate,
        "stages": [_stage_figures(stage, duration_s, peak_gflops) for stage in stages],
        "total_s": total_s,
        "s_per_s": total_s / duration_s,
        "matmul_gflops": peak_gflops,
        "peak_memory_mib": _peak_memory_mib(),
    }


def _open(audio: Path | None, seconds: float) -> "AudioReader":
    import numpy as np

    from pianotrans.audio import Reading, from_array, open_audio

    if audio is not None:
        return open_audio(audio, Reading(end_s=seconds))
    noise = np.random.default_rng(0).normal(0, 0.1, round(seconds * _NOISE_RATE))
    return from_array(noise, _NOISE_RATE, name="noise")


def _stage_figures(stage: "StageTime", duration_s: float, peak_gflops: float) -> dict[str, Any]:
    gflops = stage.gflop / stage.took_s if stage.gflop else None
    return {
        "stage": stage.name,
        "s_per_s": stage.took_s / duration_s,
        "gflop_per_s_of_audio": stage.gflop / duration_s if stage.gflop else None,
        "gflops": gflops,
        "share_of_peak": gflops / peak_gflops if gflops else None,
    }


def _show(report: dict[str, Any]) -> None:
    from rich.box import SIMPLE
    from rich.table import Table

    console = make_console(_FILE_WIDTH)
    table = Table(box=SIMPLE if console.is_terminal else None, pad_edge=False)
    table.add_column("stage")
    for heading in ("s per s of audio", "share of time", "GFLOP per s of audio", "GFLOP/s", "share of matmul peak"):
        table.add_column(heading, justify="right")
    for row in report["stages"]:
        counted = row["gflops"] is not None
        table.add_row(
            row["stage"],
            f"{row['s_per_s']:.4f}",
            f"{row['s_per_s'] / report['s_per_s']:.1%}",
            f"{row['gflop_per_s_of_audio']:.1f}" if counted else "",
            f"{row['gflops']:.0f}" if counted else "",
            f"{row['share_of_peak']:.0%}" if counted else "",
        )
    console.print(table)
    console.print(
        f"total {report['s_per_s']:.3f} s per s of audio ({1 / report['s_per_s']:.1f}x real time), "
        f"{report['audio_s']:.1f} s of {shown(report['audio'])}, hop {report['hop_s']:.2f} s"
    )
    console.print(
        f"{report['model']} on {report['device']} in {report['precision']}, {report['threads']} threads, "
        f"matmul peak {report['matmul_gflops']:.0f} GFLOP/s"
    )
    memory = report["peak_memory_mib"]
    console.print(
        f"start-up {report['start_up_s']:.1f} s (imports and weights), peak memory "
        + (f"{memory:.0f} MiB" if memory else "unknown on this platform")
    )


def _n_threads() -> int:
    import torch

    return torch.get_num_threads()


def _peak_memory_mib() -> float | None:
    """Peak resident memory of this process; None where the platform does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
