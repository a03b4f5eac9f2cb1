"""The HTTP API on a real server: what can be asked, what is answered, what is refused."""

import io
import shutil
import socket
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from pianotrans.audio import AUDIO_SUFFIXES
from pianotrans.version import __version__
from pianotrans.web.routes import REPORT_POLICY
from pianotrans.web.service import Limits
from pianotrans.web.space import DiskFullError, Space
from pianotrans.workers.formats import FORMATS
from pianotrans.workers.messages import Failed, Task

from .making import Scripted, Site, serving, written
from .test_dispatcher import listening_script, until

EVIL = 'take"><script>alert(1)<!--.mp3'


def by_name(task: Task, connection: Any) -> Any:
    """What becomes of a recording is in its name."""
    if task.title.startswith("bad"):
        return Failed(f"{task.title}: no good.", "", 0.1)
    if task.title.startswith("long"):
        return listening_script(task, connection)
    return written(task, connection)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("site"), Scripted(by_name), n_workers=2) as one:
        yield one


def detail(answer: httpx.Response, code: int) -> str:
    assert answer.status_code == code, answer.text
    assert answer.json().keys() == {"detail"}
    assert "\n" not in answer.json()["detail"]
    return answer.json()["detail"]


def test_from_recording_to_result(site: Site):
    answer = site.post("song.mp3", b"sound")
    assert answer.status_code == 201
    job = answer.json()
    assert answer.headers["Location"] == f"/api/jobs/{job['id']}"
    assert (job["name"], job["n_bytes"], job["error"]) == ("song.mp3", 5, None)
    job = site.wait(job["id"])
    assert (job["state"], job["duration_s"], job["done_s"], job["n_notes"], job["n_pedals"]) == (
        "done",
        2.0,
        2.0,
        3,
        1,
    )
    assert site.client.get("/api/jobs").json()["jobs"][0] == job
    for format_, kind in [
        ("mid", "audio/midi"),
        ("csv", "text/csv; charset=utf-8"),
        ("json", "application/json"),
        ("html", "text/html; charset=utf-8"),
    ]:
        file = site.client.get(f"/api/jobs/{job['id']}/files/{format_}")
        assert file.content == f"{format_} of song.mp3: sound".encode()
        assert file.headers["Content-Type"] == kind
        assert file.headers["Content-Disposition"] == f'attachment; filename="song.{format_}"'


def test_bodies_of_unknown_length_and_names_with_folders(site: Site):
    job = site.post("album/cd 1/song.mp3", iter([b"a" * 100_000, b"b" * 200_000])).json()
    assert (job["name"], job["n_bytes"]) == ("song.mp3", 300_000)


def test_names_are_data(site: Site):
    job = site.done(EVIL)
    assert job["name"] == EVIL
    file = site.client.get(f"/api/jobs/{job['id']}/files/mid")
    assert file.headers["Content-Disposition"] == (
        "attachment; filename*=utf-8''take___script_alert%281%29_%21--.mid"
    )


def test_a_name_with_a_line_break_adds_no_header(site: Site):
    job = site.done("a\r\nSet-Cookie: x=1\u2028é.mp3")
    file = site.client.get(f"/api/jobs/{job['id']}/files/csv")
    assert file.headers["Content-Disposition"] == "attachment; filename*=utf-8''a__Set-Cookie_%20x%3D1_%C3%A9.csv"
    assert "Set-Cookie" not in file.headers


def test_the_report_is_shut_in(site: Site):
    job = site.done()
    shown = site.client.get(f"/api/jobs/{job['id']}/files/html", params={"inline": 1})
    assert shown.headers["Content-Disposition"] == 'inline; filename="song.html"'
    assert shown.headers["Content-Security-Policy"] == REPORT_POLICY
    assert REPORT_POLICY.startswith("sandbox allow-scripts allow-downloads; default-src 'none'; ")
    assert "allow-same-origin" not in REPORT_POLICY
    other = site.client.get(f"/api/jobs/{job['id']}/files/json", params={"inline": 1})
    assert other.headers["Content-Disposition"].startswith("attachment")


def test_failures_are_told(site: Site):
    job = site.wait(site.post("bad.mp3").json()["id"])
    assert (job["state"], job["error"]) == ("failed", "bad.mp3: no good.")
    answer = site.client.get(f"/api/jobs/{job['id']}/files/mid")
    assert detail(answer, 409) == "The job is failed; only jobs that are done have results."


def test_cancel_and_delete(site: Site):
    job = site.post("long.mp3").json()
    site.wait(job["id"], "running")
    answer = site.client.post(f"/api/jobs/{job['id']}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert site.client.post(f"/api/jobs/{job['id']}/cancel").json()["state"] == "cancelled"
    assert site.client.delete(f"/api/jobs/{job['id']}").status_code == 204
    running = site.post("long.mp3").json()
    site.wait(running["id"], "running")
    assert site.client.delete(f"/api/jobs/{running['id']}").status_code == 204
    for gone in (job, running):
        for method, path in [("GET", ""), ("POST", "/cancel"), ("DELETE", ""), ("GET", "/files/mid")]:
            answer = site.client.request(method, f"/api/jobs/{gone['id']}{path}")
            assert detail(answer, 404) == "No such job. It may have been deleted."
    folders = site.service.jobs.folders
    until(lambda: not folders.of(running["id"]).path.exists())


@pytest.mark.parametrize("job_id", ["0" * 32, "..", "%2e%2e", "%2e%2e%2fjobs.sqlite", "x", "%00", "a" * 5000])
def test_ids_are_no_paths(site: Site, job_id: str):
    for method, path in [("GET", ""), ("POST", "/cancel"), ("DELETE", ""), ("GET", "/files/mid")]:
        assert site.client.request(method, f"/api/jobs/{job_id}{path}").status_code in (404, 405)


@pytest.mark.parametrize("name", [None, "", "x" * 256])
def test_a_name_is_needed(site: Site, name: str | None):
    before = len(site.client.get("/api/jobs").json()["jobs"])
    answer = site.client.post("/api/jobs", params={} if name is None else {"name": name}, content=b"sound")
    assert detail(answer, 422).startswith("name: ")
    assert len(site.client.get("/api/jobs").json()["jobs"]) == before


def test_bodies_that_are_refused(site: Site):
    assert "empty" in detail(site.post(content=b""), 422)
    form = site.client.post("/api/jobs", params={"name": "x"}, files={"file": b"sound"})
    assert detail(form, 415).startswith("This is a form.")
    answer = site.client.get("/api/jobs/x/files/wav")
    assert detail(answer, 404 if answer.status_code == 404 else 422)


def test_an_archive(site: Site):
    first, second = site.done("twin.mp3", b"1"), site.done("twin.wav", b"2")
    answer = site.client.get(
        "/api/archive", params={"format": ["mid", "csv", "mid"], "id": [first["id"], second["id"], first["id"]]}
    )
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="transcriptions.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["twin.mid", "twin.csv", "twin (2).mid", "twin (2).csv"]
        assert archive.read("twin (2).mid") == b"mid of twin.wav: 2"
    everything = site.client.get("/api/archive")
    n_done = sum(job["state"] == "done" for job in site.client.get("/api/jobs").json()["jobs"])
    with zipfile.ZipFile(io.BytesIO(everything.content)) as archive:
        assert len(archive.namelist()) == n_done
        assert {name[-4:] for name in archive.namelist()} == {".mid"}


def test_archives_that_are_refused(site: Site):
    assert "No such job" in detail(site.client.get("/api/archive", params={"id": "x"}), 404)
    failed = site.wait(site.post("bad.mp3").json()["id"])
    answer = site.client.get("/api/archive", params={"id": failed["id"]})
    assert detail(answer, 409) == "bad.mp3: is failed; only jobs that are done have results."
    assert detail(site.client.get("/api/archive", params={"format": "wav"}), 422).startswith("format.0: ")


def test_limits(tmp_path: Path):
    limits = Limits(max_upload_bytes=1000, max_duration_s=60.0, max_queued=1)
    with serving(tmp_path, Scripted(by_name), limits=limits) as site:
        assert site.client.get("/api/limits").json() == {
            "max_upload_bytes": 1000,
            "max_edits_bytes": 8 << 20,
            "max_duration_s": 60.0,
            "max_queued": 1,
            "formats": [
                {"name": row.name, "label": row.label, "media_type": row.media_type} for row in FORMATS.values()
            ],
            "suffixes": sorted(AUDIO_SUFFIXES),
            "model": "scripted",
            "version": __version__,
        }
        assert detail(site.client.get("/api/archive"), 409) == "No job is done yet."
        for body in (b"x" * 1001, iter([b"x" * 600, b"y" * 600])):
            assert detail(site.post(content=body), 413).startswith("The file is larger than ")
        site.wait(site.post("long.mp3").json()["id"], "running")
        waiting = site.post("next.mp3").json()
        assert waiting["position"] == 1
        refused = site.post("one too many.mp3", b"x" * 900)
        assert detail(refused, 429) == "The queue is full, with 1 waiting. Try again later."
        assert refused.headers["Retry-After"] == "5"
        assert [job["name"] for job in site.client.get("/api/jobs").json()["jobs"]] == ["next.mp3", "long.mp3"]
        assert len(list((tmp_path / "jobs").iterdir())) == 2


def raw(site: Site, request: bytes, then: bytes = b"") -> bytes:
    """The answer to bytes that no well-behaved client would send; `then` after a while, and the connection ends."""
    address = (site.client.base_url.host, site.client.base_url.port)
    with socket.create_connection(address, timeout=5) as connection:
        connection.sendall(request)
        time.sleep(0.1)
        connection.sendall(then)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


HEAD = b"POST /api/jobs?name=x.mp3 HTTP/1.1\r\nHost: localhost\r\n"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (HEAD + b"Content-Length: 1000\r\n\r\nonly this", None),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nsound\r\n", None),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nno number\r\n", None),
        (HEAD + b"Content-Length: 9999999999999999\r\n\r\nx", b"413"),
        (HEAD + b"Content-Length: 99999999999999999999\r\n\r\nx", b"400"),
        (HEAD + b"Content-Length: -5\r\n\r\nx", b"400"),
        (HEAD + b"Content-Length: many\r\n\r\nx", b"400"),
        (b"POST /api/jobs?name=x HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", b"400"),  # no host
        (HEAD + b"Host: localhost\r\nContent-Length: 1\r\n\r\nx", b"400"),  # two of them
        (HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
        (b"nonsense\r\n\r\n", b"400"),
    ],
)
def test_requests_that_lie_leave_nothing(site: Site, request_: bytes, status: bytes | None, tmp_path: Path):
    folder = site.service.jobs.folders.of("0" * 32).path.parent
    before, jobs = len(list(folder.iterdir())), site.client.get("/api/jobs").json()
    answer = raw(site, request_)
    if status is not None:
        assert answer.startswith(b"HTTP/1.1 " + status)
    assert b"HTTP/1.1 5" not in answer
    until(lambda: len(list(folder.iterdir())) == before)
    assert site.client.get("/api/jobs").json() == jobs
    with site.service.jobs.reserved_place():
        assert site.service.jobs._n_reserved == 1, "the place of the upload is free again"


def test_more_than_was_announced_is_not_taken(site: Site):
    answer = raw(site, HEAD + b"Content-Length: 5\r\nConnection: close\r\n\r\nsound and more")
    assert answer.startswith(b"HTTP/1.1 201")
    assert b'"n_bytes":5,' in answer


def test_a_large_body_that_is_refused_still_hears_why(site: Site, monkeypatch: pytest.MonkeyPatch):
    """The client is still sending when the answer comes, and must not be cut off."""
    monkeypatch.setattr(site.service, "limits", Limits(max_upload_bytes=1000))
    assert detail(site.post(content=b"x" * 30_000_000), 413)
    assert detail(site.post(content=iter([b"x" * 1_000_000] * 30)), 413)


def test_a_full_disk(site: Site, monkeypatch: pytest.MonkeyPatch):
    """Nothing new is taken, and deleting makes room."""
    from .test_jobs import FullDisk

    disk = FullDisk(site.service.jobs._store)
    monkeypatch.setattr(site.service.jobs, "_store", disk)
    kept, deleted = site.done(), site.done()
    disk.is_full = True
    try:
        assert "database or disk is full" in detail(site.post(), 507)
        assert site.client.get("/").status_code == 200
        assert site.job(kept["id"]) == kept
        assert site.client.delete(f"/api/jobs/{deleted['id']}").status_code == 204
        assert not site.service.jobs.folders.of(deleted["id"]).path.exists()
        assert site.client.get(f"/api/jobs/{deleted['id']}").status_code == 404
    finally:
        disk.is_full = False


def test_some_space_is_kept_in_reserve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An upload is refused by its announced size, or as soon as it has reached the reserve."""
    size, usage = 1_200_000, shutil.disk_usage(tmp_path)

    def free_space(_: Any) -> Any:
        taken = sum(path.stat().st_size for path in (tmp_path / "jobs").rglob("*/*"))
        return usage._replace(total=10**9, free=size - taken)

    monkeypatch.setattr("shutil.disk_usage", free_space)
    with serving(tmp_path, Scripted(by_name), limits=Limits(min_free_bytes=400_000)) as site:
        assert site.wait(site.post("long.mp3", b"x" * 700_000).json()["id"], "running")
        for body in (b"x" * 100_001, iter([b"x" * 50_000] * 3)):
            assert "disk is full" in detail(site.post(content=body), 507)
        job = site.post(content=b"x" * 99_000).json()
        refused = site.post(content=b"x" * 1001)
        assert "disk is full" in detail(refused, 507)
        assert str(tmp_path) not in refused.text
        assert len(list((tmp_path / "jobs").iterdir())) == 2
        for running in site.client.get("/api/jobs", params={"before": job["number"]}).json()["jobs"]:
            site.client.delete(f"/api/jobs/{running['id']}")
        assert site.wait(job["id"])["state"] == "done", "results may use the reserve"
        assert site.post(content=b"x" * 1001).status_code == 201


def test_the_reserve_of_small_disks_is_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    usage = shutil.disk_usage(tmp_path)
    for total, reserve in [(10**8, 5 * 10**6), (10**12, 256 * 2**20)]:
        monkeypatch.setattr("shutil.disk_usage", lambda _, n=total, m=reserve: usage._replace(total=n, free=m))
        Space(tmp_path).check(0)
        with pytest.raises(DiskFullError, match="full"):
            Space(tmp_path).check(1)


@pytest.mark.parametrize(
    "path",
    ["/", "/assets/page.js", "/api/jobs", "/api/jobs/ID", "/api/jobs/ID/files/mid", "/api/archive", "/nowhere"],
)
def test_head_answers_as_get_does(site: Site, path: str):
    path = path.replace("ID", site.done()["id"])
    get, head = site.client.get(path), site.client.head(path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    volatile = {"date", "transfer-encoding"}
    assert {*head.headers} - volatile == {*get.headers} - volatile
    for name in ("Content-Type", "Content-Length", "Content-Disposition", "Content-Security-Policy"):
        assert head.headers.get(name) == get.headers.get(name)


def test_head_of_a_stream_ends(site: Site):
    assert site.client.head("/api/events").headers["Content-Type"].startswith("text/event-stream")
    until(lambda: not site.service.listeners._listeners)
    assert site.client.head(f"/api/jobs/{site.done()['id']}/cancel").status_code == 405


def test_the_list_in_parts(site: Site):
    for _ in range(3):
        site.done()
    whole = site.client.get("/api/jobs").json()
    assert whole["next"] is None
    assert [job["number"] for job in whole["jobs"]] == sorted(
        (job["number"] for job in whole["jobs"]), reverse=True
    )
    seen: list[Any] = []
    before = None
    while True:
        part = site.client.get(
            "/api/jobs", params={"limit": 2} | ({} if before is None else {"before": before})
        ).json()
        assert len(part["jobs"]) <= 2
        seen += part["jobs"]
        before = part["next"]
        if before is None:
            break
    assert seen == whole["jobs"]
    for params in ({"limit": 0}, {"limit": "x"}, {"before": -1}, {"before": 2**64}):
        assert detail(site.client.get("/api/jobs", params=params), 422)


def test_what_the_transcription_tells(tmp_path: Path):
    def remark(task: Task, connection: Any) -> Any:
        return replace(written(task, connection), remarks=("tuning: 40 cents flat", "a pause of 2.0 s at 0:31"))

    with serving(tmp_path, Scripted(remark)) as site:
        job = site.done()
        assert job["remarks"] == ["tuning: 40 cents flat", "a pause of 2.0 s at 0:31"]
    with serving(tmp_path, Scripted(remark)) as site:
        assert site.job(job["id"]) == job


def test_health(site: Site):
    assert site.client.get("/api/health").json() == {"problem": None}


def test_a_bug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    said, details = [], []
    with serving(tmp_path, say=said.append, detail=details.append) as site:
        monkeypatch.setattr(site.service.jobs, "jobs", lambda *_: 1 / 0)
        answer = site.client.get("/api/jobs", headers={"Connection": "close"})
        assert detail(answer, 500) == "Unexpected error in the server. Its terminal shows the details."
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert site.client.get("/").status_code == 200
    assert said == ["GET /api/jobs: unexpected ZeroDivisionError: division by zero"]
    assert "in <lambda>" in details[0]


def test_stopping_in_the_middle_of_an_upload(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pianotrans.web.server._GRACE_S", 0.1)
    begun = threading.Event()

    def body() -> Iterator[bytes]:
        for _ in range(200):
            yield b"x" * 300_000
            begun.set()
            time.sleep(0.05)

    def upload() -> None:
        with httpx.Client(base_url=base, trust_env=False) as client:
            try:
                outcome.append(client.post("/api/jobs", params={"name": "x"}, content=body()).status_code)
            except httpx.TransportError as error:
                outcome.append(error)

    outcome: list[Any] = []
    with serving(tmp_path) as site:
        base = site.client.base_url
        thread = threading.Thread(target=upload)
        thread.start()
        assert begun.wait(5)
    thread.join(10)
    assert outcome != [201]
    assert list((tmp_path / "jobs").iterdir()) == []


def test_the_description(site: Site):
    description = site.client.get("/api/openapi.json").json()
    assert description["info"]["version"] == __version__
    assert set(description["paths"]) == {
        "/api/jobs",
        "/api/jobs/{job_id}",
        "/api/jobs/{job_id}/cancel",
        "/api/jobs/{job_id}/files/{format}",
        "/api/jobs/{job_id}/score",
        "/api/jobs/{job_id}/notes",
        "/api/jobs/{job_id}/notes/events",
        "/api/jobs/{job_id}/edits",
        "/api/jobs/{job_id}/revisions",
        "/api/archive",
        "/api/events",
        "/api/health",
        "/api/limits",
        "/api/previews",
        "/api/previews/{preview_id}",
        "/api/previews/{preview_id}/sound",
    }
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (path, method)
            assert operation["description"], (path, method)
            assert {"401", "403"} <= operation["responses"].keys()
    assert "HTTPValidationError" not in description["components"]["schemas"]
    example = description["components"]["schemas"]["JobAnswer"]["examples"][0]
    assert example.keys() < description["components"]["schemas"]["JobAnswer"]["properties"].keys()
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert site.client.get(path).status_code == 404
