"""What each of several processes computes of one step; started by torchrun, or called for one process.

usage: torchrun … -m tests.training.distributed DATA OUT

The first process writes OUT/gradients.safetensors, then they all train together.
"""

import sys
from pathlib import Path

import safetensors.torch
import torch

from .making import loop

CHANGES = ("clips_per_step=4", "attribute_dropout=0", "steps=3", "save_every_steps=3")


def main(data: Path, out: Path) -> None:
    torch.set_num_threads(1)
    first = loop(data, out / "first", *CHANGES)
    first._gradients(next(first.parts))
    gradients = {name: weight.grad for name, weight in first.state.model.named_parameters()}
    if first.fabric.is_global_zero:
        safetensors.torch.save_file(gradients, out / f"gradients-{first.fabric.world_size}.safetensors")
    loop(data, out / f"run-{first.fabric.world_size}", *CHANGES, "validation.every_steps=3").run()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
