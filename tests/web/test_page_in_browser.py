"""The page in a browser: what one sees and does, with workers that are told what to hear."""

import threading
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pianotrans.audio import encode_mp3, from_array
from pianotrans.events import Cleaning, Note, Pedal, Performance, midi_bytes
from pianotrans.events.export import encode
from pianotrans.views import Recording, report_html
from pianotrans.web.guard import Access
from pianotrans.web.service import Limits
from pianotrans.workers.formats import FORMATS
from pianotrans.workers.messages import Failed, Finished, Message, Progressed, Task

from .browsing import Tab, colours, until
from .making import Scripted, Site, serving
from .test_dispatcher import listening_script

pytestmark = pytest.mark.slow

LENGTH_S = 8.0
SONG = Performance(
    (Note(1, 2, 60, 127, 1.0, 1.0), Note(3, 5, 64, 127, 0.2, 0.3), Note(5, 7, 67, 1, 1.0, 1.0)),
    (Pedal(0, 3, "sustain"),),
    LENGTH_S,
)
LOUD, SOFT, SUSTAIN = (247, 191, 47, 255), (53, 102, 176, 255), (79, 127, 143, 255)
EVIL = 'take"><script>document.title="caught"<!--<img src=x onerror=alert(1)>.mp3'


class Stage:
    """A worker that hears `SONG` in everything; `slow.mp3` takes until the test lets it go on."""

    def __init__(self) -> None:
        self.may_go_on = threading.Event()
        times = np.arange(round(LENGTH_S * 16_000)) / 16_000
        tone = (0.1 * np.sin(2 * np.pi * 440 * times)).astype(np.float32)
        self._recording = Recording(encode_mp3(from_array(tone, 16_000)))

    def __call__(self, task: Task, connection: Any) -> Message:
        assert task.title is not None
        if task.title.startswith("bad"):
            return Failed(f"{task.title}: no sound in it.", "", 0.1)
        if task.title.startswith("long"):
            return listening_script(task, connection)
        if task.title.startswith("slow"):
            connection.send(Progressed(LENGTH_S / 4, LENGTH_S))
            assert self.may_go_on.wait(60)
        contents = {name: encode(SONG, f"song.{name}") for name in FORMATS if name != "html"}
        contents["html"] = self._report(task.title)
        return Finished(contents, LENGTH_S, 0.1, len(SONG.notes), len(SONG.pedals))

    def _report(self, name: str) -> bytes:
        return report_html(SONG, title=name, recording=self._recording)


@pytest.fixture
def stage() -> Iterator[Stage]:
    one = Stage()
    yield one
    one.may_go_on.set()


@pytest.fixture
def site(tmp_path: Path, stage: Stage) -> Iterator[Site]:
    with serving(tmp_path, Scripted(stage)) as one:
        yield one


@pytest.fixture
def tab(browser: Any, site: Site) -> Iterator[Tab]:
    """The page on an empty list; nothing may go wrong in it."""
    one = Tab(browser, str(site.client.base_url))
    yield one
    assert one.troubles == []
    one.context.close()


def test_drop_watch_see_filter_download(tab: Tab, stage: Stage):
    page = tab.page
    page.get_by_role("heading", name="Drop a piano recording here").wait_for()
    assert page.get_by_role("button", name="Download all").count() == 0
    tab.drop(("slow.mp3", b"sound"))
    line = tab.wait("slow.mp3", "running")
    line.get_by_text("Transcribing · 0:02 of 0:08").wait_for()
    assert line.get_by_role("progressbar", name="Progress of slow.mp3").evaluate("(bar) => bar.value") == 0.25
    stage.may_go_on.set()
    line = tab.wait("slow.mp3", "done")
    assert line.locator(".facts").inner_text().startswith("0:08 · 3 notes · 1 pedal stroke · ")
    until(lambda: {LOUD, SOFT} <= colours(line.locator("canvas")).keys())

    player = tab.open("slow.mp3")
    assert page.title() == "slow.mp3 – pianotrans"
    roll = player.locator("#roll")
    before = colours(roll)
    assert before[LOUD] > 200
    assert before[SUSTAIN] > 1000
    assert before[SOFT] == pytest.approx(2 * before[LOUD], rel=0.1), "two seconds, and one"
    player.get_by_label("Least onset confidence").fill("50")
    assert player.locator("#kept").inner_text() == "2 of 3 notes shown"
    assert len(colours(roll)) < len(before), "the doubtful note was paler"
    kept = Cleaning(min_onset_confidence=0.5).apply(SONG)
    assert tab.download(player.get_by_role("button", name="MIDI, notes shown")) == (
        "slow (shown).mid",
        midi_bytes(kept),
    )
    assert tab.download(page.get_by_role("link", name="Download MIDI: slow.mp3")) == ("slow.mid", midi_bytes(SONG))


def test_the_player_plays(tab: Tab):
    tab.drop(("song.mp3", b"sound"))
    tab.wait("song.mp3", "done")
    player = tab.open("song.mp3")
    player.get_by_role("button", name="Play").click()
    until(lambda: float(player.get_by_label("Position").input_value()) > 0.5)
    player.get_by_role("button", name="Pause").click()
    assert player.locator("#trouble").inner_text() == ""
    tab.page.go_back()
    tab.page.get_by_role("heading", name="Transcriptions").wait_for()
    assert tab.page.locator("iframe").count() == 0, "so that nothing goes on sounding"
    assert tab.page.title() == "pianotrans"


def test_everything_by_keyboard(tab: Tab):
    keyboard = tab.page.keyboard

    def go_to(name: str) -> None:
        for _ in range(40):
            keyboard.press("Tab")
            label = "(one) => one.getAttribute('aria-label') || one.textContent.trim()"
            if tab.page.evaluate(f"({label})(document.activeElement)") == name:
                return
        raise AssertionError(f"{name}: not reached by the tabulator key")

    tab.page.on("filechooser", lambda _: None)  # from now on, or the browser may not tell of the first in time
    go_to("Choose files")
    with tab.page.expect_file_chooser() as choosing:
        keyboard.press("Enter")
    choosing.value.set_files([{"name": "song.mp3", "mimeType": "audio/mpeg", "buffer": b"sound"}])
    tab.wait("song.mp3", "done")
    go_to("Open: song.mp3")
    keyboard.press("Enter")
    player = tab.player()
    until(lambda: tab.page.evaluate("document.activeElement.localName") == "iframe")
    keyboard.press("ArrowRight")
    until(lambda: player.locator("#clock").inner_text() == "0:01 / 0:08")
    keyboard.press("Space")
    until(lambda: float(player.get_by_label("Position").input_value()) > 1.3)
    keyboard.press("Space")
    player.get_by_role("button", name="Play").wait_for()
    tab.page.locator("#home").focus()
    go_to("← All transcriptions")
    keyboard.press("Enter")
    until(lambda: tab.page.evaluate("document.activeElement.textContent") == "Open")
    go_to("Delete: song.mp3")
    keyboard.press("Enter")
    keyboard.press("Escape")
    assert tab.names() == ["song.mp3"], "which keeps it"
    keyboard.press("Enter")
    keyboard.press("Tab")
    keyboard.press("Enter")
    until(lambda: tab.names() == [])


def test_cancel_and_delete(tab: Tab, site: Site, tmp_path: Path):
    tab.drop(*((name, b"sound") for name in ("bad.mp3", "long.mp3", "next.mp3")))
    tab.wait("long.mp3", "running").get_by_role("button", name="Cancel: long.mp3").click()
    cancelled = tab.wait("long.mp3", "cancelled")
    assert cancelled.locator(".facts").inner_text() == "Cancelled"
    assert tab.wait("bad.mp3", "failed").locator(".facts").inner_text() == "No sound in it."
    assert tab.row("bad.mp3").get_by_role("link").count() == 0
    done = tab.wait("next.mp3", "done")
    done.get_by_role("button", name="Delete: next.mp3").click()
    sure = tab.page.get_by_role("dialog")
    assert "Delete “next.mp3”" in sure.inner_text()
    sure.get_by_role("button", name="Keep").click()
    assert tab.names() == ["next.mp3", "long.mp3", "bad.mp3"], "the newest first"
    for name in ("next.mp3", "long.mp3", "bad.mp3"):
        tab.row(name).get_by_role("button", name=f"Delete: {name}").click()
        sure.get_by_role("button", name="Delete").click()
        tab.row(name).wait_for(state="detached")
    assert site.client.get("/api/jobs").json() == {"jobs": []}
    until(lambda: list((tmp_path / "jobs").iterdir()) == [])
    tab.page.get_by_role("heading", name="Drop a piano recording here").wait_for()


def test_two_tabs_agree(browser: Any, tab: Tab):
    other = Tab(browser, tab.page.url, beside=tab)
    tab.drop(("a.mp3", b"sound"), ("long.mp3", b"sound"))
    for one in (tab, other):
        one.wait("a.mp3", "done")
        one.wait("long.mp3", "running")
        assert one.names() == ["long.mp3", "a.mp3"]
    other.open("a.mp3")
    tab.row("long.mp3").get_by_role("button", name="Cancel").click()
    tab.row("a.mp3").get_by_role("button", name="Delete").click()
    tab.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    other.wait("long.mp3", "cancelled")
    assert other.names() == tab.names() == ["long.mp3"]
    assert other.page.locator("iframe").count() == 0, "what is gone is not played"
    assert other.troubles == []


def test_a_reload_loses_nothing(tab: Tab, stage: Stage):
    tab.drop(("slow.mp3", b"sound"), ("song.mp3", b"sound"))
    tab.wait("song.mp3", "queued")
    tab.page.reload()
    tab.wait("slow.mp3", "running").get_by_text("0:02 of 0:08").wait_for()
    assert tab.row("song.mp3").locator(".facts").inner_text() == "Waiting, next in line"
    stage.may_go_on.set()
    for name in ("slow.mp3", "song.mp3"):
        tab.wait(name, "done")
    tab.open("song.mp3")
    tab.page.reload()
    player = tab.player()
    assert player.get_by_role("heading", level=1).inner_text() == "song.mp3", "the address leads to the player"


def test_nothing_in_a_name_runs(tab: Tab, site: Site):
    names = [EVIL, 'take 2"><img src=x onerror=alert(1)>.mp3']
    tab.drop(*((name, b"sound") for name in names))
    site.post("bad" + EVIL)
    tab.page.on("dialog", lambda dialog: tab.troubles.append(dialog.message))
    for name in names:
        tab.wait(name, "done")
    tab.wait("bad" + EVIL, "failed")
    assert set(tab.names()) == {*names, "bad" + EVIL}
    for name in names:
        player = tab.open(name)
        assert tab.page.title() == f"{name} – pianotrans"
        assert player.get_by_role("heading", level=1).inner_text() == name
        tab.page.locator("#back").click()
    tab.row(EVIL).get_by_role("button", name="Delete").click()
    assert EVIL in tab.page.get_by_role("dialog").inner_text()
    tab.page.keyboard.press("Escape")
    inside = "document.querySelectorAll('script:not([src]), [onerror], img:not([src^=\"/assets/\"])').length"
    assert tab.page.evaluate(inside) == 0


def test_all_in_one_zip_file(tab: Tab):
    tab.drop(("a.mp3", b"sound"), ("b.mp3", b"sound"))
    for name in ("a.mp3", "b.mp3"):
        tab.wait(name, "done")
    tab.page.locator("#archive summary").click()
    tab.page.get_by_role("checkbox", name="CSV").check()
    name, content = tab.download(tab.page.get_by_role("link", name="Download", exact=True))
    assert name == "transcriptions.zip"
    with zipfile.ZipFile(BytesIO(content)) as archive:
        assert sorted(archive.namelist()) == ["a.csv", "a.mid", "b.csv", "b.mid"]
        assert archive.read("b.mid") == midi_bytes(SONG)


def test_of_a_folder_what_may_be_a_recording(tab: Tab, tmp_path: Path):
    for name in ("2.mp3", "10.FLAC", "cover.jpg", "inner/3.wav", ".hidden.mp3"):
        path = tmp_path / "takes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"sound")
    tab.page.locator("#folder").set_input_files(tmp_path / "takes")
    for name in ("2.mp3", "10.FLAC", "3.wav"):
        tab.wait(name, "done")
    assert tab.names() == ["3.wav", "10.FLAC", "2.mp3"], "handed in as they are sorted"
    assert "Left out 2 files that cannot be a recording." in tab.text()


def test_what_is_too_large_or_too_much(browser: Any, stage: Stage, tmp_path: Path):
    limits = Limits(max_upload_bytes=2**20, max_queued=1)
    with serving(tmp_path, Scripted(stage), limits=limits) as site:
        tab = Tab(browser, str(site.client.base_url))
        assert "up to 1.0 MiB and 2 hours. Nothing leaves this computer." in tab.text()
        tab.drop(("large.mp3", bytes(2**20 + 1)))
        assert "Too large: 1.0 MiB" in tab.row("large.mp3").inner_text()
        tab.row("large.mp3").get_by_role("button", name="Dismiss").click()
        tab.drop(*((f"{name}.mp3", b"sound") for name in ("slow 1", "slow 2", "slow 3")))
        tab.row("slow 3.mp3").get_by_text("The queue is full; next try in").wait_for()
        stage.may_go_on.set()
        tab.wait("slow 3.mp3", "done")
        assert tab.names() == ["slow 3.mp3", "slow 2.mp3", "slow 1.mp3"]
        assert all("429" in trouble for trouble in tab.troubles), "the browser's own note of the refusal"
        tab.context.close()


def test_with_a_token(browser: Any, stage: Stage, tmp_path: Path):
    with serving(tmp_path, Scripted(stage), access=Access(token="open-sesame")) as site:
        assert site.client.get("/").status_code == 401
        tab = Tab(browser, f"{site.client.base_url}?token=open-sesame")
        assert "sesame" not in tab.page.url
        tab.drop(("song.mp3", b"sound"))
        tab.wait("song.mp3", "done")
        tab.open("song.mp3")
        link = tab.page.get_by_role("link", name="Download MIDI: song.mp3")
        assert tab.download(link) == ("song.mid", midi_bytes(SONG))
        assert tab.troubles == []
        tab.context.close()
