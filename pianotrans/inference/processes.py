"""Worker processes that compute on this machine: their share of the cores, and what ended them.

Importing this module loads no torch.
"""

import os

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def n_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def limit_threads(n_threads: int | None) -> None:
    """Before torch and numba are imported: they look once. What the user has set stands."""
    if n_threads is not None:
        for name in _THREAD_VARIABLES:
            os.environ.setdefault(name, str(n_threads))


def reason_of_death(exit_code: int | None) -> str:
    """What ended a process, as far as one can tell."""
    if exit_code == -9:
        return "killed by signal 9, most often for want of memory"
    if exit_code is not None and exit_code < 0:
        return f"ended by signal {-exit_code}"
    return f"ended with exit code {exit_code}"
