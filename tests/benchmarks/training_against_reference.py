"""A training step, and the semi-CRF alone, against the reference implementation on the same batch and weights.

usage: python -m tests.benchmarks.training_against_reference [--runs 3] [--json OUT]

The batch is the first 16 s of one recording of the shared data with its true MIDI, the weights the published ones.
Every task runs in a process of its own, ours and theirs in turn, with as many threads as there are cores; printed
are the medians of forward, backward and both, and the peak memory above what the process held before (weights and
batch). The semi-CRF goes from query, key and singleton scores to the log partition of 90 tracks and back; once
with the scores of the published weights, once with those of random weights, which spare the reference the numbers
at the end of float32 that slow it down. Its recursion alone is shown beside our whole.
"""

import argparse
import functools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import torch
from rich.console import Console
from rich.table import Table

from pianotrans.events import load_midi
from pianotrans.inference.checkpoint import check_fit, read_weights
from pianotrans.inference.registry import find_model
from pianotrans.network import Model
from pianotrans.semicrf import IntervalScores, log_partition_factored
from pianotrans.training.data.labels import Labels, labels_of
from pianotrans.training.objective import log_probability
from tests.benchmarks import training_tasks
from tests.benchmarks.against_reference import reference_environment
from tests.conftest import REPOSITORY

CLIP = "maestro-mini/2006/schubert_impromptu.wav"
N_SAMPLES = 705_600


def published_model() -> Model:
    """The published weights, ready to be trained."""
    entry = find_model("transkun-v2")
    model, tensors = Model(entry.config()), read_weights(entry)
    check_fit(model, tensors, "the published weights")
    model.load_state_dict(tensors)
    return model.train()


def make_batches(shared: Path, folder: Path) -> None:
    """Write what the tasks read: `step.npz`, and `published.npz` and `random.npz` for the semi-CRF."""
    frames, _ = soundfile.read(shared / CLIP, dtype="float32", frames=N_SAMPLES, always_2d=True)
    model = published_model()
    labels = labels_of(load_midi((shared / CLIP).with_suffix(".midi")), 0.0, model.config, N_SAMPLES)
    hop_s = model.config.spectrogram.hop_samples / model.config.spectrogram.sample_rate
    events = np.stack(
        [
            (labels.begin + labels.onset_position) * hop_s,
            (labels.end + labels.offset_position) * hop_s,
            np.array(model.config.tracks.numbers)[labels.track],
            labels.velocity,
            labels.onset_present,
            labels.offset_present,
        ],
        axis=1,
    )
    arrays = {f"label_{name}": value for name, value in vars(labels).items()}
    np.savez(folder / "step.npz", samples=frames.T.copy(), events=events, **arrays)
    torch.manual_seed(0)
    fresh = Model(model.config)
    fresh.spectrogram.mel_filters.copy_(model.spectrogram.mel_filters)
    for name, some in (("published", model), ("random", fresh)):
        with torch.inference_mode():
            _, scores = some(torch.from_numpy(frames.T.copy())[None])
        np.savez(folder / f"{name}.npz", query=scores.query, key=scores.key, singleton=scores.singleton)


def our_step(
    batch: dict[str, np.ndarray], n_runs: int, *, recompute: bool = False, bfloat16: bool = False
) -> dict[str, object]:
    """The forward and backward pass of our training step."""
    model, samples = published_model(), torch.from_numpy(batch["samples"])[None]
    model.backbone.recompute_blocks(recompute)
    labels = Labels(**{name.removeprefix("label_"): x for name, x in batch.items() if name.startswith("label_")})
    beginning = samples[..., : training_tasks.SMALL_SAMPLES]

    def forward(some: torch.Tensor, truth: Labels) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            return log_probability(model, some, [truth]).total.sum()

    return training_tasks.run(
        lambda: forward(beginning, Labels.nothing()), lambda: forward(samples, labels), model.zero_grad, n_runs
    )


def our_crf(batch: dict[str, np.ndarray], n_runs: int) -> dict[str, object]:
    """Our log partition and its gradients."""
    factors = [torch.from_numpy(batch[name]).requires_grad_() for name in ("query", "key", "singleton")]

    def clear() -> None:
        for factor in factors:
            factor.grad = None

    tracks, frames = slice(training_tasks.SMALL_TRACKS), slice(training_tasks.SMALL_FRAMES)
    few = IntervalScores(*(x[tracks, frames] for x in factors))
    return training_tasks.run(
        lambda: log_partition_factored(few).sum(),
        lambda: log_partition_factored(IntervalScores(*factors)).sum(),
        clear,
        n_runs,
    )


def measure(command: list[str], task: str, batch: Path, n_runs: int) -> dict[str, float]:
    """Run one task in its own process."""
    threads = {"OMP_NUM_THREADS": str(os.cpu_count())}
    done = subprocess.run(
        [*command, task, str(batch), str(n_runs)],
        cwd=REPOSITORY,
        env={**os.environ, **threads},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def show(title: str, reference: dict[str, float], ours: dict[str, float], console: Console) -> None:
    """One table for one task."""
    table = Table(title=title, box=None)
    for heading in ("", "reference", "pianotrans", "ratio"):
        table.add_column(heading, justify="right")
    rows = {
        "forward, s": "forward_s",
        "backward, s": "backward_s",
        "both, s": "total_s",
        "memory, MiB": "extra_mib",
    }
    for label, field in rows.items():
        both = (reference[field], ours[field])
        table.add_row(label, *(f"{x:.2f}" if x < 100 else f"{x:.0f}" for x in both), f"{both[0] / both[1]:.2f}")
    if "recursion_s" in reference:
        ratio = reference["recursion_s"] / ours["total_s"]
        table.add_row("recursion alone, s", f"{reference['recursion_s']:.2f}", "(both)", f"{ratio:.2f}")
    table.add_row("sum of log-probabilities or log Z", f"{reference['value']:.2f}", f"{ours['value']:.2f}", "")
    console.print(table)


def main() -> None:
    """Print a table for each task."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=["step", "published", "random"], action="append")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    shared = Path(os.environ.get("PIANOTRANS_SHARED", REPOSITORY.parent / "shared"))
    theirs = [str(reference_environment()), str(Path(training_tasks.__file__))]
    ours = [sys.executable, "-c", f"from {__spec__.name} import *; training_tasks.main(TASKS)"]
    titles = {
        "step": "training step, one clip of 16 s, published weights",
        "published": "semi-CRF, 90 tracks of 691 frames, published weights",
        "random": "semi-CRF, 90 tracks of 691 frames, random weights",
    }
    console, results = Console(width=120), {}
    with tempfile.TemporaryDirectory() as name:
        make_batches(shared, Path(name))
        for task in arguments.only or titles:
            batch = Path(name) / f"{task}.npz"
            kind = "step" if task == "step" else "crf"
            results[task] = [measure(command, kind, batch, arguments.runs) for command in (theirs, ours)]
            show(titles[task], *results[task], console)
            for variant, how in VARIANTS.items() if task == "step" else ():
                results[variant] = [results[task][0], measure(ours, variant, batch, arguments.runs)]
                show(f"the same, {how}", *results[variant], console)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1))


VARIANTS = {
    "recomputed": "the blocks computed again on the way back",
    "bfloat16": "the transformer's products in bfloat16, for CPUs with units for it",
    "both": "in bfloat16 and the blocks computed again",
}
TASKS = {
    "step": our_step,
    "recomputed": functools.partial(our_step, recompute=True),
    "bfloat16": functools.partial(our_step, bfloat16=True),
    "both": functools.partial(our_step, recompute=True, bfloat16=True),
    "crf": our_crf,
}

if __name__ == "__main__":
    main()
