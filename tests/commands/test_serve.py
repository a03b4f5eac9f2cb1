"""`pianotrans serve`: what it says when it cannot start, and that what it starts works and ends."""

import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import filelock
import httpx
import pytest

from tests.browser import until
from tests.web.making import Site

from .driving import ENVIRONMENT, as_nobody, clip, command_line, names, noise, only_error, run, transcribe, write

WAIT_S = 300.0
TINY = ("--model", "tiny", "--device", "cpu", "--precision", "float32")


def serve(*arguments: object) -> Any:
    result = run("serve", "--port", 0, *arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--model", "nonsense"), 1, "model 'nonsense': neither a known model"),
        (("--host", "no.such.host.invalid"), 1, "host 'no.such.host.invalid': unknown"),
        (("--host", "192.0.2.1"), 1, "192.0.2.1, port 0: Cannot assign requested address"),
        (("--max-upload", "0"), 2, "--max-upload: 0 given"),
        (("--max-minutes", "nan"), 2, "--max-minutes: nan given"),
        (("--max-job-minutes", "0"), 2, "--max-job-minutes: 0 given"),
        (("--min-free", "-1"), 2, "--min-free: -1 given"),
        (("--token", "my own"), 2, "--token: use only letters, digits and"),
        (("--token", "fifteen-letters"), 2, "--token: 15 characters given"),
    ],
    ids=str,
)
def test_what_cannot_be_started(tmp_path: Path, arguments: tuple[str, ...], code: int, message: str):
    result = serve("--folder", tmp_path / "jobs", *arguments)
    assert result.exit_code == code
    assert message in only_error(result)
    assert result.stdout == ""
    assert not (tmp_path / "jobs").exists()


@pytest.mark.parametrize("arguments", [("--port", "70000"), ("--jobs", "0"), ("--max-queued", "-1")], ids=str)
def test_numbers_that_cannot_be(arguments: tuple[str, ...]):
    assert run("serve", *arguments).exit_code == 2


def test_a_port_that_is_taken(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("serve", "--port", port, "--folder", tmp_path)
    assert result.exit_code == 1
    assert only_error(result).startswith(f"error: 127.0.0.1, port {port}: Address already in use")
    assert "Choose another --port" in only_error(result)


def test_folders_that_cannot_be_used(tmp_path: Path):
    (tmp_path / "file").write_text("")
    (tmp_path / "closed").mkdir(mode=0o500)
    (tmp_path / "taken").mkdir()
    tmp_path.chmod(0o755)
    for folder in ("file", "file/below"):
        result = serve("--folder", tmp_path / folder, "--model", "tiny")
        assert (result.exit_code, "cannot be written" in only_error(result)) == (1, True)
    with filelock.FileLock(tmp_path / "taken" / "lock"):
        result = serve("--folder", tmp_path / "taken", "--model", "tiny")
    assert result.exit_code == 1
    assert "taken: another server uses this folder. Choose another --folder." in only_error(result)


def test_a_folder_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from pianotrans.errors import ServerError
    from pianotrans.web.service import _lock

    tmp_path.chmod(0o755)
    for parent in (tmp_path, *tmp_path.parents[:2]):
        parent.chmod(0o755)
    with as_nobody(), pytest.raises(ServerError, match=r"cannot be written \(Permission denied\)"):
        _lock(tmp_path / "mine")


@pytest.mark.slow
def test_what_only_a_worker_finds_out(tmp_path: Path):
    result = serve("--folder", tmp_path, "--model", "tiny", "--hop", "1000")
    assert (result.exit_code, "--hop" in result.stderr) == (2, True)


# The real thing

needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc here")


@contextmanager
def running(
    *arguments: object, environment: Mapping[str, str] | None = None, through: Sequence[str] = ()
) -> Iterator[tuple[subprocess.Popen[str], Site]]:
    """`pianotrans serve` as a process of its own, in a group of its own as in a terminal; `through` starts it."""
    process = subprocess.Popen(
        [*through, *command_line("serve", "--port", 0, *TINY, *arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT | dict(environment or {}),
        start_new_session=True,
    )
    try:
        line = process.stdout.readline()
        assert line.startswith("Open http://"), process.communicate()[1]
        address = httpx.URL(line.split()[1])
        token = address.params.get("token")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        base = f"http://127.0.0.1:{address.port}"
        with httpx.Client(base_url=base, headers=headers, timeout=60, trust_env=False) as client:
            yield process, Site(None, client)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(WAIT_S)
        process.stdout.close()
        process.stderr.close()


def children(pid: int) -> list[int]:
    """The worker processes of a server."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == pid and b"spawn_main" in (place / "cmdline").read_bytes():
                found.append(int(place.name))
    return found


def processor_s(pid: int) -> float:
    """How much work a process has done."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def long_clip(folder: Path, duration_s: float) -> bytes:
    """The tiny model needs a second of work for some 45 s of it."""
    return write(folder / "long.flac", noise(duration_s)).read_bytes()


@needs_proc
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl")
def test_what_the_readme_shows(tmp_path: Path):
    """Start, hand in by curl, download by curl: the bytes of the command line. Then Ctrl-C."""
    source = clip(tmp_path / 'so "é".wav')
    assert transcribe(source, "--format", "mid,csv,json,html", "-q").exit_code == 0
    with running("--folder", tmp_path / "jobs") as (process, site):
        base = site.client.base_url
        curl = subprocess.run(
            ["curl", "-sS", "-f", "-T", str(source), "-X", "POST", f"{base}/api/jobs?name=so%20%22%C3%A9%22.wav"],
            capture_output=True,
            check=True,
        )
        job_id = json.loads(curl.stdout)["id"]
        assert site.wait(job_id, timeout_s=WAIT_S)["state"] == "done"
        for kind in ("mid", "csv", "json", "html"):
            address = f"{base}/api/jobs/{job_id}/files/{kind}"
            file = subprocess.run(["curl", "-sS", "-f", address], capture_output=True, check=True).stdout
            assert file == source.with_suffix(f".{kind}").read_bytes()
        workers = children(process.pid)
        assert len(workers) == 1
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does it: to the workers, too
        out, err = process.communicate(timeout=WAIT_S)
        assert (process.returncode, out) == (0, "")
        assert err.startswith("Stopped.")
        assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]


@needs_proc
@pytest.mark.slow
@pytest.mark.xdist_group("kill")
def test_ctrl_c_and_kill_9_during_a_job(tmp_path: Path):
    """Ctrl-C ends the server although a page listens; its job begins anew in the next, and after kill -9."""
    with running("--folder", tmp_path / "jobs") as (process, site):
        job = site.post("long.flac", long_clip(tmp_path, 120.0)).json()
        site.wait(job["id"], "running", timeout_s=WAIT_S)
        with site.client.stream("GET", "/api/events"):
            os.killpg(process.pid, signal.SIGINT)
            _, err = process.communicate(timeout=WAIT_S)
        assert process.returncode == 0
        assert "Traceback" not in err
    with running("--folder", tmp_path / "jobs") as (process, site):
        assert site.job(job["id"])["state"] in ("queued", "running")
        contents = {"1.flac": b"no sound", "2.flac": b"nor here"}
        jobs = [job, *(site.post(name, content).json() for name, content in contents.items())]
        site.wait(job["id"], "running", timeout_s=WAIT_S)
        workers = children(process.pid)
        with socket.create_connection(("127.0.0.1", site.client.base_url.port)) as half:
            half.sendall(b"POST /api/jobs?name=half HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\n")
            half.sendall(b"x" * 1_000_000)
            until(lambda: len(list((tmp_path / "jobs" / "jobs").iterdir())) == 4, WAIT_S)
            process.kill()
            process.wait(WAIT_S)
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), WAIT_S)  # workers do not outlive it
    with running("--folder", tmp_path / "jobs") as (_, site):
        assert {path.name for path in (tmp_path / "jobs" / "jobs").iterdir()} == {job["id"] for job in jobs}
        states = [site.wait(job["id"], timeout_s=WAIT_S)["state"] for job in jobs]
        assert states == ["done", "failed", "failed"]
        assert [job["name"] for job in site.client.get("/api/jobs").json()["jobs"]] == [
            *("2.flac", "1.flac", "long.flac")
        ]
    assert sorted({Path(name).name for name in names(tmp_path / "jobs" / "jobs")}) == [
        f"transcription.{kind}" for kind in ("csv", "html", "json", "mid", "musicxml", "pdf", "sounding.mid", "svg")
    ]


@needs_proc
@pytest.mark.slow
@pytest.mark.xdist_group("kill")
def test_a_worker_outlives_a_cancelled_job_and_its_death_fails_one_job_only(tmp_path: Path):
    long, song = long_clip(tmp_path, 400.0), clip(tmp_path / "song.wav").read_bytes()
    with running("--folder", tmp_path / "jobs", environment={"PIANOTRANS_TOKEN": "my-own-secret-word"}) as (
        process,
        site,
    ):
        assert site.client.headers["Authorization"] == "Bearer my-own-secret-word"
        first, second = (site.post(*one).json() for one in (("long.flac", long), ("song.wav", song)))
        until(lambda: site.job(first["id"])["done_s"] > 0, WAIT_S)
        (worker,) = children(process.pid)
        before_s = processor_s(worker)
        assert site.client.post(f"/api/jobs/{first['id']}/cancel").json()["state"] == "cancelled"
        assert site.wait(second["id"], timeout_s=WAIT_S)["state"] == "done"
        assert children(process.pid) == [worker], "the model stays loaded"
        assert processor_s(worker) - before_s < 5.0, "the whole recording is far more work"

        for number in (signal.SIGKILL, signal.SIGSEGV):
            first, second = (site.post(*one).json() for one in (("long.flac", long), ("song.wav", song)))
            site.wait(first["id"], "running", timeout_s=WAIT_S)
            (worker,) = children(process.pid)
            os.kill(worker, number)
            first = site.wait(first["id"], timeout_s=WAIT_S)
            assert first["state"] == "failed"
            assert first["error"].startswith("long.flac: the worker process was ")
            assert f"signal {int(number)}" in first["error"]
            assert site.wait(second["id"], timeout_s=WAIT_S)["state"] == "done"
            assert children(process.pid) != [worker]


@needs_proc
@pytest.mark.slow
@pytest.mark.parametrize("stderr", ["2>/dev/full", "2>&-"])
def test_without_a_terminal_to_write_to(tmp_path: Path, stderr: str):
    """Failures and their tracebacks cannot be told, and the work goes on."""
    with running("--folder", tmp_path / "jobs", "-v", through=("sh", "-c", f'exec "$@" {stderr}', "sh")) as (
        _,
        site,
    ):
        for _ in range(2):
            assert site.wait(site.post("bad.wav", b"no sound").json()["id"], timeout_s=WAIT_S)["state"] == "failed"
        job = site.post("song.wav", clip(tmp_path / "song.wav").read_bytes()).json()
        assert site.wait(job["id"], timeout_s=WAIT_S)["state"] == "done"
        assert site.client.get("/api/health").status_code == 200


@pytest.mark.slow
def test_elsewhere_a_token_is_needed(tmp_path: Path):
    with running("--folder", tmp_path / "jobs", "--host", "0.0.0.0", "--allow-host", "Piano.example") as (_, site):
        token = site.client.headers.pop("Authorization").removeprefix("Bearer ")
        assert len(token) >= 32
        assert site.client.get("/").status_code == 401
        assert site.client.get("/api/jobs", headers={"Authorization": f"Bearer {token}"}).status_code == 200
        assert site.client.get("/", params={"token": token}, headers={"Host": "piano.example"}).status_code == 200
        assert site.client.get("/", headers={"Host": "evil.example"}).status_code == 403
