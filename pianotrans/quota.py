"""How much of the machine's time a container gets."""

import math
from pathlib import Path


def quota_cores(cgroups: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> float:
    """How many cores' time Linux gives to this process's container (cgroups, both versions): 1.5, or infinity."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return math.inf
    quotas = [math.inf]
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "" or "cpu" in controllers.split(","):
            root = cgroups / "cpu" if controllers else cgroups
            folder = root / path.strip("/")
            quotas += [_quota_of(place) for place in (folder, *folder.parents) if place.is_relative_to(root)]
    return min(quotas)


def _quota_of(group: Path) -> float:
    """A group's own limit in cores."""
    try:
        if (both := group / "cpu.max").is_file():
            quota, period = both.read_text().split()
        else:
            quota, period = ((group / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        return float(quota) / float(period) if float(quota) > 0 else math.inf
    except (OSError, ValueError, ZeroDivisionError):  # another version's group; "max"
        return math.inf
