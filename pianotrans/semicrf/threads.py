"""Tracks are independent: on the CPU each thread takes some of them through a whole sweep."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import torch


def over_tracks(work: Callable[[slice], None], n_tracks: int, device: torch.device) -> None:
    """Call `work` with slices that make up all tracks; on the CPU in as many threads as torch has.

    In the meantime torch computes on one thread in each: the products of a strip are so small that threads which
    wait for each other at every one of them take ten times as long as soon as another process wants a core. A
    single thread, too, is one of its own: Ctrl-C reaches the main thread and must not do so in a compiled function.
    """
    n_threads = min(torch.get_num_threads(), n_tracks) if device.type == "cpu" else 1
    bounds = [i * n_tracks // n_threads for i in range(n_threads + 1)]
    parts = [slice(*pair) for pair in pairwise(bounds)]
    is_inference = torch.is_inference_mode_enabled()

    def run(part: slice) -> None:
        with torch.inference_mode(is_inference), torch.no_grad(), torch.autocast(device.type, enabled=False):
            work(part)

    if device.type != "cpu":
        run(parts[0])
        return
    n_before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(n_threads) as pool:
            for call in [pool.submit(run, part) for part in parts]:
                call.result()
    finally:
        torch.set_num_threads(n_before)
