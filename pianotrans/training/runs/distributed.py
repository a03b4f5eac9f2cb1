"""One process or many: Lightning Fabric set up for the device that was asked for, or for what torchrun started."""

import logging
import os

from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy

from pianotrans.inference.devices import resolve_device


def make_fabric(device: str = "auto") -> Fabric:
    """Fabric for this process: alone on a device, or one of those that torchrun started, each on its own GPU.

    Under torchrun gradients are averaged over all processes (DDP, on any number of machines). Precision is left
    to the objective. Raises DeviceError for a device that is not here.
    """
    for name in ("lightning_fabric", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)  # only commands tell users anything
    n_processes, n_here = (int(os.environ.get(name, "1")) for name in ("WORLD_SIZE", "LOCAL_WORLD_SIZE"))
    found = resolve_device(device)
    if n_processes == 1:
        where = [found.index or 0] if found.type == "cuda" else 1
        fabric = Fabric(accelerator=found.type, devices=where)
    else:
        fabric = Fabric(
            accelerator=found.type,
            devices=n_here,
            num_nodes=n_processes // n_here,
            strategy=DDPStrategy(gradient_as_bucket_view=True),
        )
    fabric.launch()
    return fabric
