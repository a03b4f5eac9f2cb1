"""Work that falls into parts, such as tracks or frames: on the CPU each thread takes some of them all the way."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from itertools import pairwise

import torch
from torch.utils._python_dispatch import is_in_torch_dispatch_mode


def over_parts(work: Callable[[slice], None], n: int, device: torch.device) -> None:
    """Call `work` with slices that make up 0 to n; on the CPU in as many threads as torch has.

    In the meantime torch computes on one thread in each: products here are so small that threads which wait for
    each other at every one of them take ten times as long as soon as another process wants a core. A single thread,
    too, is one of its own: Ctrl-C reaches the main thread and must not do so in a compiled function. Where torch's
    operations are counted, which is a matter of the thread, there are none.
    """
    is_inference = torch.is_inference_mode_enabled()
    has_autocast = torch.amp.is_autocast_available(device.type)  # not so where there are no numbers

    def run(part: slice) -> None:
        precisely = torch.autocast(device.type, enabled=False) if has_autocast else nullcontext()
        with torch.inference_mode(is_inference), torch.no_grad(), precisely:
            work(part)

    if device.type != "cpu" or is_in_torch_dispatch_mode():
        run(slice(0, n))
        return
    n_threads = n_parts(n)
    bounds = [i * n // n_threads for i in range(n_threads + 1)]
    with on_one_thread(), ThreadPoolExecutor(n_threads) as pool:
        for call in [pool.submit(run, slice(*pair)) for pair in pairwise(bounds)]:
            call.result()


def n_parts(n: int) -> int:
    """How many parts `over_parts` makes of n on the CPU: one for each of torch's threads."""
    return min(torch.get_num_threads(), n)


@contextmanager
def on_one_thread() -> Iterator[None]:
    """Let torch compute on one thread, in this thread and in those that it starts."""
    n_before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_before)
