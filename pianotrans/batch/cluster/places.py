"""Divide the machines of a cluster among workers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_THREADS = 4  # of a worker on CPUs: more threads bring less and less


@dataclass(frozen=True)
class Place:
    """Room for one worker: a share of one node. Places on the same node may be equal."""

    node: str  # Ray's id; a machine that rejoins gets a new one
    host: str  # its address, for messages
    device: str  # as for `--device`, but never auto
    n_cpus: int  # reserved
    n_gpus: int  # reserved
    n_threads: int


def places_on(node: Mapping[str, Any], device: str = "auto", n_workers: int | None = None) -> list[Place]:
    """The places on a node: one for each GPU, or equal shares of the CPUs if GPUs are missing or not wanted.

    Args:
        node: one of `ray.nodes()`.
        device: auto, or the device of every worker; with cuda, nodes without a GPU have no place.
        n_workers: number of places without GPUs, at most one per CPU; one for every four CPUs if None.
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
