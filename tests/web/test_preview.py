"""Notes while somebody plays, over HTTP: those of a live sitting, for one recording at a time."""

import threading
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from pianotrans.errors import WorkerError
from pianotrans.live.decisions import Begun
from pianotrans.live.hearing import LiveModel, load_live_model
from pianotrans.web import preview as preview_module
from pianotrans.web.preview import Preview, PreviewEndedError, PreviewTakenError
from pianotrans.workers.previewing import Awake, Deaf, Hush, Listen, Sound
from tests.live.made import Played
from tests.synthesis import random_performance, render

from .making import Site, serving
from .previewing import Listeners, listening, preview_of
from .test_dispatcher import until

RATE, BLOCK = 16_000, 4000
SEED = 9  # of four seconds in which the tiny model is sure of something
BYTES = b"\1\0" * 8


@pytest.fixture(scope="module")
def tiny() -> LiveModel:
    return load_live_model("tiny", device="cpu", precision="float32", hop_s=0.1)


def send(site: Site, name: str, first: int, samples: bytes = b"", **headers: str) -> httpx.Response:
    return site.client.post(
        f"/api/previews/{name}/sound", params={"first": first}, content=samples, headers=headers
    )


def rows_of(events: Any) -> tuple[list[Any], list[Any]]:
    """Events as the answers give them: notes and pedals."""
    rows: dict[bool, list[Any]] = {True: [], False: []}
    for event in events:
        if isinstance(event, Begun):
            onset_s, offset_s, velocity, sure = event.onset_s, None, event.velocity, event.confidence
        else:
            played = event.played
            onset_s, offset_s, sure = played.onset_s, round(played.offset_s, 3), played.onset_confidence
            velocity = getattr(played, "velocity", 0)
        said = [abs(event.number), velocity, sure] if event.number > 0 else [-event.number, sure]
        rows[event.number > 0].append([round(onset_s, 3), offset_s, *said])
    return rows[True], rows[False]


@pytest.mark.slow
def test_the_notes_are_those_of_a_live_sitting(tiny: LiveModel, tmp_path: Path):
    """Block after block, so that the windows end where those of the sitting do."""
    sound = np.round(32767 * render(random_performance(SEED, 4.0), RATE, SEED)).astype("<i2")
    blocks = [sound[i : i + BLOCK] for i in range(0, len(sound), BLOCK)]
    played = Played([block[None].astype(np.float32) / 32768 for block in blocks], RATE)
    moments = [*tiny.sit(played).moments()][: len(blocks)]
    notes, pedals = [], []
    with serving(tmp_path, preview=Preview(listening(tiny))) as site:
        name = site.client.post("/api/previews", params={"rate": RATE}).json()["id"]
        until(lambda: send(site, name, 0).json()["is_ready"])
        for i, (block, moment) in enumerate(zip(blocks, moments, strict=True)):
            answer = send(site, name, i * BLOCK, block.tobytes()).json()
            while True:
                notes += answer["notes"]
                pedals += answer["pedals"]
                if answer["heard_s"] == round(moment.heard_s, 3):
                    break
                answer = send(site, name, (i + 1) * BLOCK).json()
    assert (notes, pedals) == rows_of(event for moment in moments for event in moment.events)
    assert {row[1] is None for row in notes} == {True, False}, "some begin, and some end"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with serving(tmp_path_factory.mktemp("site"), preview=preview_of([(1, 20, 500)], max_s=60)) as one:
        yield one


@pytest.fixture
def name(site: Site) -> Any:
    one = site.client.post("/api/previews", params={"rate": RATE}).json()["id"]
    yield one
    site.client.delete(f"/api/previews/{one}")


def test_what_is_no_sound_is_refused_and_harms_nothing(site: Site, name: str):
    for code, answer in [
        (422, send(site, name, 0, b"odd")),
        (422, send(site, name, -1, BYTES)),
        (413, send(site, name, 0, bytes(2**20 + 2))),
        (404, send(site, "nothing", 0, BYTES)),
        (404, site.client.delete("/api/previews/nothing")),
        (422, site.client.post("/api/previews", params={"rate": 10})),
        (403, send(site, name, 0, BYTES, Origin="http://evil.example")),
        (403, site.client.post("/api/previews", params={"rate": RATE}, headers={"Origin": "null"})),
    ]:
        assert (answer.status_code, "detail" in answer.json()) == (code, True), answer.text
    assert send(site, name, 0, BYTES).status_code == 200


def test_one_at_a_time(site: Site, name: str):
    second = site.client.post("/api/previews", params={"rate": RATE})
    assert (second.status_code, "Retry-After" in second.headers) == (429, True)
    assert site.client.delete(f"/api/previews/{name}").status_code == 204
    assert send(site, name, 0, BYTES).status_code == 404
    third = site.client.post("/api/previews", params={"rate": RATE})
    assert third.status_code == 201
    site.client.delete(f"/api/previews/{third.json()['id']}")


def test_a_recording_that_is_too_long_ends(site: Site, name: str):
    assert send(site, name, 60 * RATE - 8, BYTES).status_code == 200
    assert send(site, name, 60 * RATE - 7, BYTES).status_code == 404
    assert send(site, name, 0, BYTES).status_code == 404


# Without a server


def test_a_page_that_has_gone_makes_room():
    one = preview_of([], patience_s=0.05)
    first = one.begin(RATE)
    second = ""

    def takes_over() -> bool:
        nonlocal second
        try:
            second = one.begin(RATE)
        except PreviewTakenError:
            return False
        return True

    until(takes_over)
    with pytest.raises(PreviewEndedError):
        one.hear(first, 0, BYTES)
    one.hear(second, 0, BYTES)
    one.close()
    with pytest.raises(WorkerError, match="shutting down"):
        one.begin(RATE)


def test_each_sample_is_passed_on_once_and_a_gap_begins_anew():
    orders: list[Any] = []

    def main(connection: Any) -> None:
        connection.send(Awake())
        while True:
            orders.append(connection.recv())

    one = Preview(Listeners(main))
    name = one.begin(1000)
    until(lambda: one.hear(name, 0, b"").is_ready)
    for first, samples in [(0, b"aabb"), (1, b"bbcc"), (3, b"dd"), (6, b"gghh"), (2, b"ccdd")]:
        one.hear(name, first, samples)
    one.end(name)
    until(lambda: Hush() in orders)
    assert orders == [
        *(Listen(name, 1000, 0.0), Sound(b"aabb"), Sound(b"cc"), Sound(b"dd")),
        *(Listen(name, 1000, 0.006), Sound(b"gghh")),
        Hush(),
    ]
    one.close()


def test_nothing_is_passed_on_before_the_model_is_there():
    may_go_on, orders = threading.Event(), []

    def main(connection: Any) -> None:
        assert may_go_on.wait(10)
        connection.send(Awake())
        while True:
            orders.append(connection.recv())

    one = Preview(Listeners(main))
    name = one.begin(1000)
    assert not any(one.hear(name, 4 * i, BYTES).is_ready for i in range(3))
    may_go_on.set()
    until(lambda: one.hear(name, 500, b"").is_ready)
    one.hear(name, 500, BYTES)
    until(lambda: Sound(BYTES) in orders)
    assert orders == [Listen(name, 1000, 0.5), Sound(BYTES)]
    one.close()


def test_a_process_that_dies_or_is_deaf_is_told_and_replaced():
    told: list[str] = []
    deaf = Deaf("no model.", "its trace")
    ways = iter([lambda _: None, lambda there: there.send(deaf), lambda there: there.recv()])
    start = Listeners(lambda there: next(ways)(there))
    one = Preview(start, detail=told.append)
    for n, reason in enumerate(["exit code 3", "no model"], 1):
        name = one.begin(RATE)
        with pytest.raises(WorkerError, match=reason):
            until(lambda: one.hear(name, 0, BYTES).is_ready)  # noqa: B023
        with pytest.raises(PreviewEndedError):
            one.hear(name, 0, BYTES)
        assert (one.is_warm, start.n) == (False, n)
    one.hear(one.begin(RATE), 0, BYTES)
    assert told == ["its trace"]
    one.close()


def test_a_process_that_takes_no_sound_is_ended(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(preview_module, "_STUCK_S", 0.1)
    awake = threading.Event()

    def main(connection: Any) -> None:
        connection.send(Awake())
        awake.set()
        time.sleep(10)

    one = Preview(Listeners(main))
    name = one.begin(RATE)
    assert awake.wait(10)
    failures: list[Exception] = []

    def fill() -> None:
        try:
            while True:
                one.hear(name, 0, bytes(2**20))
                one.hear(name, 2**30, b"")
        except WorkerError as error:
            failures.append(error)

    thread = threading.Thread(target=fill)
    thread.start()

    def is_stuck() -> bool:
        try:
            one.end("nothing")
        except WorkerError:
            return True
        except PreviewEndedError:
            return False
        return False

    until(is_stuck)
    thread.join(10)
    assert len(failures) == 1
    one.close()


def test_the_process_ends_when_nothing_is_heard():
    one = preview_of([], warm_s=0.05)
    one.begin(RATE)
    assert one.is_warm
    until(lambda: not one.is_warm)
    one.close()
