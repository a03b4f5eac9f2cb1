"""Edits on the server: their revisions, and results and scores with them."""

import gzip
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from pianotrans.edits import Change, Edits, TrackEdits, digest_of, identities_of
from pianotrans.events import Durations, Note, Performance
from pianotrans.events.receivers import settings_for
from pianotrans.views import EncodedAudio, report_html
from pianotrans.web.service import Limits
from pianotrans.web.space import DiskFullError, Space
from pianotrans.workers.formats import FORMATS, Heard
from pianotrans.workers.messages import Finished, Task

from .making import Scripted, Site, serving
from .test_api import detail

SONG = Performance(tuple(Note(0.5 * i, 0.5 * i + 0.45, 60 + 2 * i % 12, 64, 0.9, 0.9) for i in range(32)), (), 17.0)
TITLE = "song.mp3"
NOTHING = Edits(TITLE, len(SONG.notes), digest_of(SONG))


def louder(velocity: int = 100) -> bytes:
    """Edits that change the velocity of the first note."""
    change = Change(identities_of(SONG.notes)[0], replace(SONG.notes[0]), {"velocity": velocity})
    return document(replace(NOTHING, notes=TrackEdits((change,))))


def document(edits: Edits) -> bytes:
    return json.dumps(edits.to_dict()).encode()


def singing(_: Task, __: Any) -> Finished:
    """Hears `SONG` in every recording."""
    return Finished(contents(), SONG.duration_s, 0.1, len(SONG.notes), 0)


@cache
def contents() -> dict[str, bytes]:
    heard = Heard(SONG, Path(TITLE))
    written = {name: FORMATS[name].encode(heard) for name in ("mid", "csv", "json", "musicxml")}
    sound = EncodedAudio(b"sound")
    return {**written, "html": report_html(SONG, title=TITLE, audio=sound, score=heard.score)}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    contents()  # before a server waits for it
    with serving(tmp_path_factory.mktemp("site"), Scripted(singing)) as one:
        yield one


@pytest.fixture
def url(site: Site) -> str:
    return f"/api/jobs/{site.done(TITLE)['id']}"


def put(site: Site, url: str, edits: bytes, revision: object) -> httpx.Response:
    return site.client.put(f"{url}/edits", content=edits, headers={"If-Match": str(revision)})


def test_revisions_are_kept(site: Site, url: str):
    fresh = site.client.get(f"{url}/edits")
    assert (fresh.json(), fresh.headers["ETag"]) == ({"revision": 0, "edits": None}, '"0"')
    first, second = put(site, url, louder(100), 0), put(site, url, louder(101), '"1"')
    assert (first.json(), second.json()) == ({"revision": 1}, {"revision": 2})
    assert second.headers["ETag"] == '"2"'
    assert site.client.get(f"{url}/edits").json() == {"revision": 2, "edits": json.loads(louder(101))}
    older = site.client.get(f"{url}/edits", params={"revision": 1})
    assert older.json() == {"revision": 1, "edits": json.loads(louder(100))}
    revisions = site.client.get(f"{url}/revisions").json()["revisions"]
    assert [(one["number"], one["n_changes"]) for one in revisions] == [(1, 1), (2, 1)]
    assert "revision 3" in detail(site.client.get(f"{url}/edits", params={"revision": 3}), 404)


def test_revisions_that_do_not_say_how_much_they_change_are_read(tmp_path: Path):
    """As they were saved at first."""
    with serving(tmp_path, Scripted(singing)) as site:
        job = site.done()
        folder = site.service.jobs.folders.of(job["id"]).edits
        folder.mkdir()
        (folder / "1.json.gz").write_bytes(gzip.compress(louder(100)))
        url = f"/api/jobs/{job['id']}"
        assert site.client.get(f"{url}/edits").json() == {"revision": 1, "edits": json.loads(louder(100))}
        assert put(site, url, louder(101), 1).json() == {"revision": 2}
        revisions = site.client.get(f"{url}/revisions").json()["revisions"]
        assert [(one["number"], one["n_changes"]) for one in revisions] == [(1, None), (2, 1)]


def test_the_second_of_two_windows_is_told(site: Site, url: str):
    assert put(site, url, louder(100), 0).status_code == 200
    answer = put(site, url, louder(101), 0)
    assert "latest revision is 1" in detail(answer, 412)
    assert answer.headers["ETag"] == '"1"'
    assert put(site, url, louder(100), 0).json() == {"revision": 1}, "an answer may get lost"
    assert [one["number"] for one in site.client.get(f"{url}/revisions").json()["revisions"]] == [1]


def test_of_many_at_once_one_wins(site: Site, url: str):
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda v=v: answers.append(put(site, url, louder(v), 0).status_code))
        for v in range(1, 9)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, *7 * [412]]


def test_edits_that_are_refused(site: Site, url: str):
    future = json.dumps({**NOTHING.to_dict(), "version": 3}).encode()
    assert "version 3 is unknown" in detail(put(site, url, future, 0), 422)
    for nothing in (b"", b"{", b"[1]", b"\xff", b"[" * 100_000):
        assert detail(put(site, url, nothing, 0), 422).startswith("edits: ")
        assert detail(site.client.post(f"{url}/score", content=nothing), 422)
    assert detail(put(site, url, louder(), "yesterday"), 422).startswith("if-match")
    assert detail(site.client.put(f"{url}/edits", content=louder()), 422).startswith("if-match")
    foreign = {"If-Match": "0", "Origin": "https://elsewhere.example"}
    assert detail(site.client.put(f"{url}/edits", content=louder(), headers=foreign), 403)
    assert site.client.get(f"{url}/edits").json()["revision"] == 0


def test_they_outlive_the_server_but_not_their_job(tmp_path: Path):
    with serving(tmp_path, Scripted(singing)) as site:
        url = f"/api/jobs/{site.done()['id']}"
        put(site, url, louder(), 0)
    with serving(tmp_path, Scripted(singing)) as site:
        assert site.client.get(f"{url}/edits").json() == {"revision": 1, "edits": json.loads(louder())}
        site.client.delete(url)
        for method, path in [("GET", "/edits"), ("PUT", "/edits"), ("GET", "/revisions"), ("POST", "/score")]:
            answer = site.client.request(method, url + path, content=louder(), headers={"If-Match": "1"})
            assert answer.status_code == 404
        assert not [path for path in (tmp_path / "jobs").rglob("*") if path.is_file()]


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with serving(tmp_path, Scripted(singing), limits=Limits(max_edits_bytes=len(louder()))) as site:
        url = f"/api/jobs/{site.done()['id']}"
        assert "larger than" in detail(put(site, url, louder() + b" ", 0), 413)
        assert put(site, url, louder(), 0).status_code == 200

        def full(*_: object) -> None:
            raise DiskFullError

        monkeypatch.setattr(Space, "check", full)
        assert "disk is full" in detail(put(site, url, document(NOTHING), 1), 507)
        assert site.client.get(f"{url}/edits").json()["revision"] == 1


def test_a_job_that_is_not_done_has_none(tmp_path: Path):
    may_go_on = threading.Event()

    def waiting(task: Task, connection: Any) -> Finished:
        assert may_go_on.wait(10)
        return singing(task, connection)

    with serving(tmp_path, Scripted(waiting)) as site:
        url = f"/api/jobs/{site.post().json()['id']}"
        for answer in (put(site, url, louder(), 0), site.client.get(f"{url}/edits")):
            assert "only jobs that are done" in detail(answer, 409)
        may_go_on.set()


@pytest.mark.slow
def test_results_and_scores_with_edits(site: Site, url: str):
    """In the real process."""
    site.client.timeout = 120
    for name in contents():
        same = site.client.post(f"{url}/files/{name}", content=document(NOTHING))
        own = site.client.get(f"{url}/files/{name}")
        assert same.content == own.content
        for header in ("Content-Type", "Content-Disposition"):
            assert same.headers[header] == own.headers[header]
    edited = site.client.post(f"{url}/files/json", content=louder(101)).json()
    assert [note["velocity"] for note in edited["notes"]] == [101, *31 * [64]]
    wanted = {"for": "player-piano", "durations": "sounding"}
    fitting, midi = settings_for("player-piano", {"durations": Durations.sounding})
    fitted = site.client.post(f"{url}/files/mid", params=wanted, content=document(NOTHING)).content
    assert (
        fitted == FORMATS["mid"].encode(Heard(SONG, Path(TITLE), fitting=fitting, midi=midi)) != contents()["mid"]
    )
    for unknown in ({"for": "gramophone"}, {"durations": "long"}):
        assert site.client.post(f"{url}/files/mid", params=unknown, content=louder()).status_code == 422
    answer = site.client.post(f"{url}/score", content=louder()).json()
    assert len(answer["score"]["notes"]) == 32
    assert answer["conflicts"] == []
    assert not answer["remarks"]
