"""Make `models/tiny`: teach the tiny model to hear the tests' own synthesiser.

usage: python -m tests.make_tiny_model [--steps 1200] [--init WEIGHTS] [--out models/tiny/weights.safetensors]

Minutes on a laptop. Not the way to train a real model: no data set, no augmentation, no validation.
"""

import argparse
import hashlib
import time
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from torch import Tensor
from torch.nn import functional

from pianotrans.events import FrameGrid, Performance, write_atomically
from pianotrans.inference.checkpoint import weights_bytes
from pianotrans.inference.registry import find_model
from pianotrans.network import TRACK_NUMBERS, Model
from pianotrans.network.spectrogram import mel_filterbank
from pianotrans.semicrf import log_partition, marginals
from tests.synthesis import random_performance, render

LEARNING_RATE = 4e-3
CLIPS_PER_STEP = 4
N_CLIPS = 600
FIRST_SEED = 1000  # tests use smaller ones


class LogPartition(torch.autograd.Function):
    """Log partition of whole tracks, (N, T, T) → (N,); its gradient are the marginals, in two recursions."""

    @staticmethod
    def forward(ctx, scores: Tensor) -> Tensor:
        """Keeps the scores."""
        ctx.save_for_backward(scores)
        return log_partition(scores)[:, 0]

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        """Posterior probabilities, weighted."""
        return gradient[:, None, None] * marginals(*ctx.saved_tensors)


def targets(performance: Performance, model: Model, window: tuple[float, float]) -> dict[str, Tensor]:
    """The intervals of a window of a performance: track, begin, end, velocity, positions and presences."""
    grid = FrameGrid(model.config.spectrogram.sample_rate, model.config.spectrogram.hop_samples)
    start_s, length_s = window
    rows = []
    events = [(note.key, note.onset_s, note.offset_s, note.velocity) for note in performance.notes]
    events += [(-pedal.controller, pedal.onset_s, pedal.offset_s, 0) for pedal in performance.pedals]
    for number, onset_s, offset_s, velocity in sorted(events):
        onset, offset = onset_s - start_s, offset_s - start_s
        if offset <= 0 or onset >= length_s:
            continue
        span = grid.to_intervals([(max(onset, 0.0), min(offset, length_s))])
        begin, end = int(span.begin[0]), int(span.end[0])
        track = TRACK_NUMBERS.index(number)
        rows.append((track, begin, end, velocity, span.onset[0], span.offset[0], onset >= 0, offset <= length_s))
    columns = torch.tensor(rows, dtype=torch.float64).reshape(-1, 8).T
    names = ("track", "begin", "end", "velocity", "onset", "offset", "onset_present", "offset_present")
    return dict(zip(names, columns, strict=True))


def loss(model: Model, samples: Tensor, labels: list[dict[str, Tensor]]) -> Tensor:
    """Minus the log-probability of the labels, per clip."""
    context, scores = model(samples)
    score_map = scores.map()
    log_z = LogPartition.apply(score_map).sum()
    total = log_z
    for i, label in enumerate(labels):
        track, begin, end = (label[name].long() for name in ("track", "begin", "end"))
        total = total - score_map[i * len(TRACK_NUMBERS) + track, begin, end].sum()
        velocity, refinement = model.attributes(context[i, track, begin], context[i, track, end])
        keys = track >= 2
        total = total + functional.cross_entropy(velocity[keys], label["velocity"].long()[keys], reduction="sum")
        positions = 0.99 * torch.stack([label["onset"], label["offset"]], dim=1).float() + 0.5
        total = total - torch.distributions.ContinuousBernoulli(logits=refinement[:, :2]).log_prob(positions).sum()
        present = torch.stack([label["onset_present"], label["offset_present"]], dim=1).float()
        total = total + functional.binary_cross_entropy_with_logits(refinement[:, 2:], present, reduction="sum")
    return total / len(labels)


def main() -> None:
    """Train and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--init", type=Path, help="go on from these weights")
    parser.add_argument("--out", type=Path, default=Path("models/tiny/weights.safetensors"))
    arguments = parser.parse_args()

    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    entry = find_model(Path("models/tiny"))
    model = Model(entry.config())
    model.spectrogram.mel_filters.copy_(mel_filterbank(model.config.spectrogram))
    torch.nn.init.zeros_(model.scorer.bias)
    if arguments.init:
        model.load_state_dict(safetensors.torch.load_file(arguments.init))
    rate = model.config.spectrogram.sample_rate
    segment_s = model.config.segments.segment_s
    performances = [random_performance(FIRST_SEED + i, 1.5 * segment_s) for i in range(N_CLIPS)]
    clips = [render(performance, rate, seed) for seed, performance in enumerate(performances)]
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=arguments.steps)
    start = time.monotonic()
    for step in range(arguments.steps):
        chosen = rng.choice(N_CLIPS, CLIPS_PER_STEP)
        starts_s = rng.uniform(-0.25 * segment_s, 0.75 * segment_s, CLIPS_PER_STEP)
        samples = np.stack([_window(clips[i], s, segment_s, rate) for i, s in zip(chosen, starts_s, strict=True)])
        labels = [targets(performances[i], model, (s, segment_s)) for i, s in zip(chosen, starts_s, strict=True)]
        value = loss(model, torch.from_numpy(samples)[:, None], labels)
        optimizer.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 20.0)
        optimizer.step()
        schedule.step()
        if step % 20 == 0:
            print(f"step {step} loss {value.item():.1f} after {time.monotonic() - start:.0f} s", flush=True)
    content = weights_bytes(model.state_dict())
    write_atomically(arguments.out, content, overwrite=True)
    print(f"{arguments.out}: {len(content)} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}")


def _window(clip: np.ndarray, start_s: float, length_s: float, rate: int) -> np.ndarray:
    """A part of a clip, filled up with zeros where it reaches beyond its ends."""
    first, length = round(start_s * rate), round(length_s * rate)
    padded = np.pad(clip, (length, length))
    return padded[first + length : first + 2 * length]


if __name__ == "__main__":
    main()
