"""Work that falls into parts, such as tracks or frames: on the CPU each thread takes some of them all the way."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import torch


def over_parts(work: Callable[[slice], None], n: int, device: torch.device, n_threads: int | None = None) -> None:
    """Call `work` with slices that make up 0 to n; on the CPU in as many threads as torch has, or as are named.

    In the meantime torch computes on one thread in each: products here are so small that threads which wait for
    each other at every one of them take ten times as long as soon as another process wants a core. A single thread,
    too, is one of its own: Ctrl-C reaches the main thread and must not do so in a compiled function.
    """
    is_inference = torch.is_inference_mode_enabled()

    def run(part: slice) -> None:
        with torch.inference_mode(is_inference), torch.no_grad(), torch.autocast(device.type, enabled=False):
            work(part)

    if device.type != "cpu":
        run(slice(0, n))
        return
    n_threads = min(torch.get_num_threads() if n_threads is None else n_threads, n)
    bounds = [i * n // n_threads for i in range(n_threads + 1)]
    n_before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(n_threads) as pool:
            for call in [pool.submit(run, slice(*pair)) for pair in pairwise(bounds)]:
                call.result()
    finally:
        torch.set_num_threads(n_before)
