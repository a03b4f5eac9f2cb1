"""Long lists of jobs: what a change costs while 10 000 wait, and how soon a page shows 5 000.

usage: python -m tests.benchmarks.long_lists
"""

import tempfile
import threading
import time
from pathlib import Path

import httpx

from pianotrans.web.job import JobState
from pianotrans.web.service import Limits
from tests.browser import chromium
from tests.web.making import Scripted, fill, serving
from tests.web.test_dispatcher import listening_script

N_WAITING = 10_000
N_DONE = 5_000
LISTEN_S = 15.0


def measure_changes(folder: Path) -> str:
    """Delete one job after the other while a page listens."""
    ids = fill(folder, N_WAITING, JobState.queued)
    delete_s: list[float] = []
    n_bytes = 0
    with serving(folder, Scripted(listening_script), limits=Limits(max_queued=2 * N_WAITING)) as site:

        def listen() -> None:
            nonlocal n_bytes
            with (
                httpx.Client(base_url=site.client.base_url, timeout=LISTEN_S, trust_env=False) as client,
                client.stream("GET", "/api/events") as answer,
            ):
                for piece in answer.iter_bytes():
                    n_bytes += len(piece)
                    if time.monotonic() > end_s:
                        return

        end_s = time.monotonic() + LISTEN_S
        thread = threading.Thread(target=listen)
        thread.start()
        time.sleep(1)
        while time.monotonic() < end_s:
            start_s = time.monotonic()
            site.client.delete(f"/api/jobs/{ids.pop()}", timeout=60).raise_for_status()
            delete_s.append(time.monotonic() - start_s)
        site.client.delete(f"/api/jobs/{ids.pop()}", timeout=60).raise_for_status()
        thread.join()
        start_s = time.monotonic()
        n_listed = len(site.client.get("/api/jobs", timeout=60).content)
        list_s = time.monotonic() - start_s
    delete_s.sort()
    return (
        f"{N_WAITING} jobs wait: {len(delete_s)} deletes, median {1000 * delete_s[len(delete_s) // 2]:.0f} ms, "
        f"largest {1000 * delete_s[-1]:.0f} ms; {n_bytes / 1e6:.2f} MB of events in {LISTEN_S:.0f} s; "
        f"the whole list: {n_listed / 1e6:.1f} MB in {list_s:.2f} s"
    )


def measure_page(folder: Path) -> str:
    """Open the page."""
    fill(folder, N_DONE, JobState.done)
    with serving(folder) as site, chromium() as browser:
        page = browser.new_context(viewport={"width": 1180, "height": 860}).new_page()
        start_s = time.monotonic()
        page.goto(str(site.client.base_url))
        page.locator("#jobs .name").first.wait_for(timeout=300_000)
        page.evaluate(
            "new Promise((done) => setTimeout(done))",
        )
        first_s = time.monotonic() - start_s
        while True:  # until the page has nothing more to do
            n_rows, asked_s = page.locator("#jobs li").count(), time.monotonic()
            time.sleep(0.5)
            if page.locator("#jobs li").count() == n_rows and time.monotonic() - asked_s < 1:
                break
        return (
            f"{N_DONE} jobs done: the first row after {first_s:.1f} s, at rest after "
            f"{time.monotonic() - start_s - 0.5:.1f} s with {n_rows} rows"
        )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        print(measure_changes(Path(place) / "waiting"))
        print(measure_page(Path(place) / "done"))
