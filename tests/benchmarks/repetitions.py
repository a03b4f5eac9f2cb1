"""Where fast repetitions are lost: in the network's scores, or in decoding.

usage: python -m tests.benchmarks.repetitions SAMPLES

SAMPLES is a folder of piano samples, as for `pianotrans synthesize`. Plays groups of five strokes on ten keys, dry,
the strokes of a group 45 to 150 ms apart, and decodes the segment. For every distance it prints how many strokes
after the first were found, and for those that were not, at the median: the score of the true interval, and by how
much the best path with it (within a frame at either end) is worse than the best of all.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, product
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from pianotrans import Note, Performance, Transcriber
from pianotrans.network import Model
from pianotrans.semicrf import IntervalScores
from pianotrans.training.synthesis import SampleLibrary, Stage
from pianotrans.training.synthesis.staging import HAMMER_S

APART_S = (0.045, 0.06, 0.075, 0.09, 0.105, 0.12, 0.15)
KEYS = (45, 60, 67, 76, 88)  # and those a semitone higher
STROKES = 5
REST_S = 0.5
FOUND_S = 0.05

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Track:
    """All labellings of one key: weights of the best before and from every frame on."""

    score: Scores  # (T, T), -inf where no interval can be
    singleton: Scores
    before: Scores  # without the singleton of the frame
    onward: Scores  # with it

    @classmethod
    def of(cls, scores: IntervalScores) -> "Track":
        """Solve one track by the obvious recursions, in numpy."""
        n = scores.n_frames
        length = np.arange(n)[None] - np.arange(n)[:, None]
        affinity = scores.affinity(slice(0, 1), slice(0, n))[0].numpy().astype(np.float64)
        score = np.where(length > 0, length * affinity, -np.inf)
        singleton = scores.singleton[0].numpy().astype(np.float64)
        alone, before, onward = np.maximum(singleton, 0), np.zeros(n), np.zeros(n)
        for t in range(n - 1, -1, -1):
            moves = [0.0] if t == n - 1 else [onward[t + 1], np.max(score[t, t + 1 :] + onward[t + 1 :])]
            onward[t] = max(moves) + alone[t]
        for t in range(1, n):
            before[t] = max(before[t - 1] + alone[t - 1], np.max(before[:t] + alone[:t] + score[:t, t]))
        return cls(score, singleton, before, onward)

    def onsets(self) -> list[int]:
        """The begins on the best path."""
        t, n, found = 0, len(self.onward), []
        while t < n - 1:
            moves = self.score[t] + self.onward
            end = t + 1 + int(np.argmax(moves[t + 1 :]))
            is_interval = moves[end] > self.onward[t + 1]
            found += [t] * (int(self.singleton[t] > 0) + int(is_interval))
            t = end if is_interval else t + 1
        return found

    def best_with(self, begin: int, end: int) -> tuple[float, float]:
        """What the best path with about this interval lacks, and the score of the interval."""
        best = (-np.inf, -np.inf)
        for b, e in product(range(begin - 1, begin + 2), range(end - 1, end + 2)):
            if b == e:
                without = self.onward[b] - max(self.singleton[b], 0)
                best = max(best, (self.before[b] + self.singleton[b] + without, self.singleton[b]))
            elif b < e:
                weight = self.before[b] + max(self.singleton[b], 0) + self.score[b, e] + self.onward[e]
                best = max(best, (weight, self.score[b, e]))
        return float(self.onward[0] - best[0]), float(best[1])


def groups_of_strokes() -> Performance:
    """What is played."""
    notes, begin_s = [], 0.3
    for apart_s, higher in product(APART_S, (0, 1)):
        for i, (late, key) in product(range(STROKES), enumerate(KEYS)):
            onset_s = begin_s + i * apart_s + 0.011 * late
            velocity = (90 if higher else 70) - 3 * (i % 2)
            notes.append(Note(onset_s, onset_s + 0.55 * apart_s, key + higher, velocity))
        begin_s += STROKES * apart_s + REST_S
    return Performance(tuple(notes), (), begin_s)


def is_found(notes: Sequence[Note], onsets: Sequence[int], frame_s: float) -> list[bool]:
    """Whether each stroke of a key, in order, has an onset of its own: the earliest that is left, which is best."""
    left, found = [t * frame_s - HAMMER_S for t in onsets], []
    for note in notes:
        near = [onset_s for onset_s in left if abs(onset_s - note.onset_s) <= FOUND_S]
        found.append(bool(near))
        left = [onset_s for onset_s in left if not near or onset_s > near[0]]
    return found


def examined(
    performance: Performance, context: torch.Tensor, model: Model, frame_s: float
) -> dict[float, list[tuple[bool, float, float]]]:
    """By distance, of all strokes but the first of a group: whether it is found, its score, what its path lacks."""
    strokes: dict[float, list[tuple[bool, float, float]]] = {apart_s: [] for apart_s in APART_S}
    in_order = sorted(performance.notes, key=lambda n: (n.key, n.onset_s))
    for key, of_key in groupby(in_order, lambda n: n.key):
        notes = list(of_key)
        track = Track.of(model.scores(context[None, model.config.tracks.numbers.index(key)][None]))
        found = is_found(notes, track.onsets(), frame_s)
        for first, second, there in zip(notes, notes[1:], found[1:], strict=False):
            apart_s = min(APART_S, key=lambda a: abs(second.onset_s - first.onset_s - a))
            if second.onset_s - first.onset_s < 1.1 * max(APART_S):
                begin, end = (round((t + HAMMER_S) / frame_s) for t in (second.onset_s, second.offset_s))
                lacking, score = track.best_with(begin, end)
                strokes[apart_s].append((there, score, lacking))
    return strokes


@torch.inference_mode()
def context_of(transcriber: Transcriber, sound: NDArray[np.float32]) -> torch.Tensor:
    """What the network makes of the first segment of a sound (channels, n): (n_tracks, T, D)."""
    model, n_samples = transcriber.model, transcriber.plan.segment_samples
    segment = np.zeros((len(sound), n_samples), np.float32)
    segment[:, : sound.shape[1]] = sound[:, :n_samples]
    features = model.spectrogram(torch.from_numpy(segment[None]))
    tracks = model.backbone.transform(model.backbone.stem(features))
    context: torch.Tensor = model.backbone.upsample(tracks, features.shape[1])[0]
    return context


def main() -> None:
    """Print a line for every distance."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("samples", type=Path)
    given = parser.parse_args()
    transcriber = Transcriber(tuning="off", precision="float32", device="cpu", confidence=False)
    plan, model = transcriber.plan, transcriber.model
    performance = groups_of_strokes()
    sound = Stage().record(performance, SampleLibrary.open(given.samples), plan.sample_rate)
    context = context_of(transcriber, sound.T)
    with torch.inference_mode():
        found = examined(performance, context, model, plan.frame_duration_s)
    for apart_s, strokes in found.items():
        lost = np.array([each[1:] for each in strokes if not each[0]]).reshape(-1, 2)
        medians = "   score {:.1f}, lacking {:.1f}".format(*np.median(lost, axis=0)) if len(lost) else ""
        print(f"{1000 * apart_s:.0f} ms: {len(strokes) - len(lost)} of {len(strokes)} found{medians}")


if __name__ == "__main__":
    main()
