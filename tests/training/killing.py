"""A run that is killed at random moments, in processes forked off one that has loaded all.

usage: python -m tests.training.killing DATA OUT SEED

Goes on with the run in OUT until it is done, killing it before; prints as JSON the step of the last checkpoint
after every kill.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import torch

from pianotrans.training.runs.run_folder import RunFolder

from .making import loop

N_KILLS = 6
STEPS = ("steps=24", "save_every_steps=2", "validation.every_steps=8", "validation.seconds_each=1")


def go(data: Path, out: Path) -> None:
    loop(data, out, *STEPS, resume=RunFolder(out).is_begun).run()


def main(data: Path, out: Path, seed: int) -> None:
    torch.set_num_threads(1)
    rng, steps, run = random.Random(seed), [], RunFolder(out)
    loop(data, out.with_name("before"), "validation.every_steps=2").run()  # loads all that is loaded on first use
    longest_s = 1.0
    while len(steps) < N_KILLS or len(set(steps)) == 1:
        child = os.fork()
        if child == 0:
            go(data, out)
            os._exit(0)
        time.sleep(rng.uniform(0.05, longest_s))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        last = run.checkpoints.last()
        steps.append(last.step if last else 0)
        if len(steps) > 1 and steps[-1] == steps[-2]:
            longest_s *= 1.5  # a slow machine does not come from one checkpoint to the next in this time
    go(data, out)
    json.dump(steps, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
