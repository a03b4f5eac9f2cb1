"""The owners of claims, and whether they are still alive."""

import os
import secrets
import socket
import sys
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

HEARTBEAT_S = 10.0
LEASE_S = 60.0
"""A claim without a heartbeat for this long is free again: its owner's machine is down or asleep."""


@dataclass(frozen=True)
class Owner:
    """One run on one machine."""

    machine: str
    pid: int
    token: str  # distinguishes runs that had the same process id one after the other

    @classmethod
    def this(cls) -> Self:
        """A new owner: this process."""
        return cls(_machine(), os.getpid(), secrets.token_hex(6))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The inverse of `str`. Raises ValueError for anything else."""
        machine, pid, token = text.rsplit(":", 2)
        if not 0 < int(pid) < 2**31:
            raise ValueError(f"{pid} is not the id of a process")
        return cls(machine, int(pid), token)

    @property
    def described(self) -> str:
        """For people: "process 123 on tower"."""
        return f"process {self.pid} on {self.machine.partition('/')[0]}"

    def __str__(self) -> str:
        return f"{self.machine}:{self.pid}:{self.token}"


def is_at_work(owner: Owner, heartbeat_s: float, now_s: float | None = None) -> bool:
    """Whether the owner of a claim is alive, by its last heartbeat and, on this machine, by its process.

    Both times are seconds since 1970. Another process may have the same id by now, for example after a restart, so
    an owner whose heartbeat is too old counts as dead in any case.
    """
    if (time.time() if now_s is None else now_s) - heartbeat_s > LEASE_S:
        return False
    return owner.machine != _machine() or _is_alive(owner.pid)


@cache
def _machine() -> str:
    """The host's name; on Linux also its namespace of process ids, which containers on one host do not share."""
    name = socket.gethostname()
    try:
        return f"{name}/{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return name


def _is_alive(pid: int) -> bool:
    if sys.platform == "win32":  # no harmless signal exists: only the lease counts
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it belongs to another user
        return True
    return True
