"""Fifty uploads at once: what becomes of them, how soon the page answers meanwhile, how much memory it takes.

usage: python -m tests.benchmarks.uploads

Each is a WAV file of 11 MiB; the server has the tiny model.
"""

import re
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np

from tests.commands.driving import noise, write
from tests.commands.test_serve import WAIT_S, running

N_UPLOADS = 50
N_QUEUED = 40
MIB = 2**20


@dataclass(frozen=True)
class Figures:
    """What was measured."""

    n_bytes: int  # of each upload
    codes: Counter[int]
    without_retry_after: int  # refusals that do not say when to come back
    lost: set[str]  # taken, but not among the jobs
    states: Counter[str]  # in the end
    page_s: list[float]  # how long each request for the page took
    memory_before: int  # bytes, the server's
    memory_largest: int
    upload_s: float  # until the last answer

    def __str__(self) -> str:
        page_ms = sorted(1000 * seconds for seconds in self.page_s)
        return (
            f"{N_UPLOADS} uploads of {self.n_bytes / MIB:.1f} MiB in {self.upload_s:.1f} s: {dict(self.codes)}, "
            f"in the end {dict(self.states)}, lost {len(self.lost)}. Page ({len(page_ms)} times): median "
            f"{page_ms[len(page_ms) // 2]:.0f} ms, largest {page_ms[-1]:.0f} ms. Server's memory: "
            f"{self.memory_before / MIB:.0f} MiB before, at most {self.memory_largest / MIB:.0f} MiB."
        )


def measure(folder: Path) -> Figures:
    """Start a server in `folder`, and all uploads in the same moment."""
    samples = np.stack([noise(3.75, 192_000)] * 8, axis=1)  # large, and yet soon transcribed
    content = write(folder / "clip.wav", samples, 192_000).read_bytes()
    answers: list[httpx.Response] = []
    go = threading.Barrier(N_UPLOADS + 1)

    def upload(number: int) -> None:
        with httpx.Client(base_url=base, timeout=WAIT_S, trust_env=False) as client:
            go.wait()
            answers.append(client.post("/api/jobs", params={"name": f"{number}.wav"}, content=content))

    with running("--folder", folder / "jobs", "--max-queued", N_QUEUED) as (process, site):
        base, before = site.client.base_url, _largest_memory(process.pid)
        threads = [threading.Thread(target=upload, args=(number,)) for number in range(N_UPLOADS)]
        for thread in threads:
            thread.start()
        go.wait()
        start_s, page_s = time.monotonic(), []
        while any(thread.is_alive() for thread in threads):
            asked_s = time.monotonic()
            site.client.get("/").raise_for_status()
            page_s.append(time.monotonic() - asked_s)
            time.sleep(0.02)
        upload_s = time.monotonic() - start_s
        memory = _largest_memory(process.pid)
        jobs = {job["id"] for job in site.client.get("/api/jobs").json()["jobs"]}
        taken = [answer for answer in answers if answer.status_code == 201]
        refused = [answer for answer in answers if answer.status_code == 429]
        while site.client.get("/api/jobs").json()["jobs"][0]["state"] in ("queued", "running"):
            time.sleep(0.5)
        return Figures(
            n_bytes=len(content),
            codes=Counter(answer.status_code for answer in answers),
            without_retry_after=sum("Retry-After" not in answer.headers for answer in refused),
            lost={answer.json()["id"] for answer in taken} ^ jobs,
            states=Counter(job["state"] for job in site.client.get("/api/jobs").json()["jobs"]),
            page_s=page_s,
            memory_before=before,
            memory_largest=memory,
            upload_s=upload_s,
        )


def _largest_memory(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        print(measure(Path(place)))
