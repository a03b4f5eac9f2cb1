"""How the machines of a cluster are shared out among workers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_THREADS = 4  # of a worker on CPUs: more of them bring ever less


@dataclass(frozen=True)
class Place:
    """Room for one worker: a share of one node. Places on a node may be equal."""

    node: str  # Ray's id; a machine that comes back has another
    host: str  # as people know it
    device: str  # as `--device` has it, but for auto
    n_cpus: int  # reserved
    n_gpus: int  # reserved
    n_threads: int


def places_on(node: Mapping[str, Any], device: str = "auto", n_workers: int | None = None) -> list[Place]:
    """The places on a node, one for each GPU; without GPUs, its CPUs in equal shares.

    Args:
        node: one of `ray.nodes()`.
        device: auto, or what every worker is to compute on; on cuda, nodes without a GPU have no place.
        n_workers: on a node without GPUs; one for every four CPUs if None. Never more than CPUs.
    """
    here = node["NodeID"], node["NodeManagerAddress"]
    n_cpus, n_gpus = (int(node["Resources"].get(kind, 0)) for kind in ("CPU", "GPU"))
    if n_gpus and device in ("auto", "cuda"):
        return [Place(*here, "cuda", min(1, n_cpus), 1, max(1, n_cpus // n_gpus))] * n_gpus
    if not n_cpus or device == "cuda":
        return []
    n_places = min(n_cpus, n_workers or max(1, n_cpus // _THREADS))
    n_threads = n_cpus // n_places
    return [Place(*here, "cpu" if device == "auto" else device, n_threads, 0, n_threads)] * n_places
