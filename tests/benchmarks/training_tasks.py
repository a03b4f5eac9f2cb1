"""Timing and memory of a training task in its own process; imported by ours, run as a script by the reference's.

usage: PYTHON training_tasks.py TASK BATCH.npz N_RUNS

TASK is `step` (clip and events to the gradients of all parameters) or `crf` (query, key and singleton scores to
the log partitions and their gradients). Prints one line of JSON. Must not import the project: the environment of
the reference implementation does not have it.
"""

import json
import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

SMALL_SAMPLES, SMALL_TRACKS, SMALL_FRAMES = 22_050, 4, 100


def memory_mib(name: str) -> float:
    """VmRSS (now) or VmHWM (peak) of this process."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(rf"{name}:\s+(\d+) kB", status).group(1)) / 1024


def run(
    small: Callable[[], torch.Tensor], forward: Callable[[], torch.Tensor], clear: Callable[[], None], n_runs: int
) -> dict[str, object]:
    """Median times of forward and backward, and the peak memory above what was held before.

    Before that, a small piece of the same work loads the code; the first whole run is not timed either. The
    kernel's peak is reset, so that loading does not count.
    """
    small().backward()
    clear()
    before_mib = memory_mib("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    times: list[tuple[float, float]] = []
    for _ in range(1 + n_runs):
        start_s = time.perf_counter()
        total = forward()
        middle_s = time.perf_counter()
        total.backward()
        times.append((middle_s - start_s, time.perf_counter() - middle_s))
        value = total.item()
        del total
        clear()
    forward_s, backward_s = (statistics.median(column) for column in zip(*times[1:], strict=True))
    peak_mib = memory_mib("VmHWM")
    return {
        "forward_s": forward_s,
        "backward_s": backward_s,
        "total_s": statistics.median(sum(pair) for pair in times[1:]),
        "extra_mib": peak_mib - before_mib,
        "peak_mib": peak_mib,
        "value": value,
    }


def reference_step(batch: dict[str, np.ndarray], n_runs: int) -> dict[str, object]:
    """The reference implementation's training step with its published weights, without the optimizer."""
    import moduleconf
    import transkun
    from transkun.Data import Note

    folder = Path(transkun.__file__).parent / "pretrained"
    manager = moduleconf.parseFromFile(str(folder / "2.0.conf"))
    model = manager["Model"].module.TransKun(conf=manager["Model"].config)
    checkpoint = torch.load(folder / "2.0.pt", map_location="cpu", weights_only=False)
    model.load_state_dict(checkpoint.get("state_dict", checkpoint.get("best_state_dict")), strict=False)
    model.train()
    samples = torch.from_numpy(batch["samples"])[None].transpose(1, 2)  # (clip, sample, channel)
    events = [Note(on, off, int(n), int(v), bool(a), bool(b)) for on, off, n, v, a, b in batch["events"]]
    events.sort(key=lambda note: (note.start, note.end, note.pitch))
    return run(
        lambda: model.log_prob(samples[:, :SMALL_SAMPLES], [[]]).sum(),
        lambda: model.log_prob(samples, [events]).sum(),
        model.zero_grad,
        n_runs,
    )


def reference_crf(batch: dict[str, np.ndarray], n_runs: int) -> dict[str, object]:
    """The reference implementation's score map and log partition, and their gradients."""
    from transkun.CRF import NeuralSemiCRFInterval
    from transkun.LayersTransformer import ScaledInnerProductIntervalScorer

    factors = torch.from_numpy(np.concatenate([batch["query"], batch["key"], batch["singleton"][..., None]], -1))
    factors = factors[None].requires_grad_()
    scorer = ScaledInnerProductIntervalScorer(batch["query"].shape[-1])
    scorer.map = torch.nn.Identity()
    inside: list[float] = []

    def forward(some: torch.Tensor = factors) -> torch.Tensor:
        scores, gap = scorer(some)
        start_s = time.perf_counter()
        log_z = NeuralSemiCRFInterval(scores.flatten(-2, -1), gap.flatten(-2, -1)).computeLogZ()
        inside.append(time.perf_counter() - start_s)
        return log_z.sum()

    def clear() -> None:
        factors.grad = None

    result = run(lambda: forward(factors[:, :SMALL_TRACKS, :SMALL_FRAMES]), forward, clear, n_runs)
    return {**result, "recursion_s": statistics.median(inside[2:])}


def main(tasks: dict[str, Callable[[dict[str, np.ndarray], int], dict[str, object]]]) -> None:
    """Run the task that the command line names."""
    task, path, n_runs = sys.argv[1:]
    with np.load(path) as file:
        batch = dict(file)
    print(json.dumps(tasks[task](batch, int(n_runs))))


if __name__ == "__main__":
    main({"step": reference_step, "crf": reference_crf})
