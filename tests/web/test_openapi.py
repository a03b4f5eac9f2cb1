"""The description of the API against the API: whatever follows it gets an answer that follows it, too."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .making import Scripted, Site, serving
from .previewing import preview_of
from .test_api import by_name

pytest.importorskip("schemathesis", reason="schemathesis is not installed")

# No schema of edits can say that every id stands once, that a note ends after it begins, which revision is next.
_CONFIG = """
[[operations]]
include-path = ["/api/jobs/{job_id}/edits", "/api/jobs/{job_id}/score", "/api/jobs/{job_id}/files/{format}"]
include-method = ["PUT", "POST"]
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "409", "412", "422", "429"]
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("site"), Scripted(by_name), preview=preview_of([])) as one:
        yield one


@pytest.mark.slow
def test_the_description_holds(site: Site, tmp_path: Path):
    for name in ("song.mp3", "bad.mp3"):
        site.wait(site.post(name).json()["id"])
    (tmp_path / "schemathesis.toml").write_text(_CONFIG)
    done = subprocess.run(
        [
            *(sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run"),
            str(site.client.base_url.join("/api/openapi.json")),
            *("--exclude-path", "/api/events"),  # it never ends; tests/web/test_events.py has it
            *(
                "--checks",
                "all",
                "--exclude-checks",
                "allow_header_conformance",
            ),  # Starlette names one route's methods
            *("--max-examples", "30"),
            *("--seed", "1"),
            *("--continue-on-failure", "--no-color"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert site.client.get("/api/limits").status_code == 200
