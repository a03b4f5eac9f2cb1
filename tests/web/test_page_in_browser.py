"""The page in a browser: what one sees and does, with workers that are told what to hear."""

import errno
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from pianotrans.errors import OutputError
from pianotrans.events import Cleaning, midi_bytes
from pianotrans.web.guard import Access
from pianotrans.web.job import JobState
from pianotrans.web.service import Limits
from tests.browser import background, colours, n_columns, nameless, until, violations

from .browsing import Tab
from .making import Scripted, Site, fill, serving
from .previewing import preview_of
from .stage import SONG, Stage

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

LOUD, SOFT, SUSTAIN = (247, 191, 47, 255), (53, 102, 176, 255), (79, 127, 143, 255)
LOUD_IN_THE_DARK = (249, 210, 109, 255)
DARK = (21, 23, 28, 255)
EVIL = 'take"><script>document.title="caught"<!--<img src=x onerror=alert(1)>.mp3'
LONG_NAME = "a recording with a very long name, as telephones give them 2026-11-25 05.34.54.mp3"
PLAYED = [(0, 30, 10_000), (1, 20, 60), (2, 100, 10_000)]  # the pedal, a note, and one that goes on, in 0.01 s
_BREAK_OFF_TABLES = """() => {
    const { fetch } = window;
    window.broken = 0;
    window.fetch = (url, options) => {
      if (!url.endsWith("/files/csv")) return fetch(url, options);
      window.broken += 1;
      const torn = (controller) => controller.error(new TypeError("Failed to fetch"));
      return Promise.resolve(new Response(new ReadableStream({ start: torn })));
    };
}"""


@pytest.fixture(scope="module")
def stage() -> Stage:
    return Stage()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def site(folder: Path, stage: Stage) -> Iterator[Site]:
    with serving(folder, Scripted(stage), preview=preview_of(PLAYED)) as one:
        yield one
        stage.may_go_on.set()


@pytest.fixture(scope="module")
def window(browser: Any, site: Site) -> Iterator[Tab]:
    one = Tab(browser, str(site.client.base_url))
    yield one
    one.context.close()


@pytest.fixture(scope="module")
def swept() -> set[str]:
    """The jobs that earlier tests have left, and that are deleted."""
    return set()


@pytest.fixture
def tab(window: Tab, site: Site, stage: Stage, swept: set[str]) -> Iterator[Tab]:
    """The page on an empty list; nothing may go wrong in it."""
    yield window
    # A row that came into view last may still ask for the notes of a job that has been swept away.
    troubles = [one for one in window.troubles if not any(job_id in one for job_id in swept)]
    window.troubles.clear()
    stage.may_go_on.set()
    window.page.evaluate("location.hash = ''")
    for job in site.client.get("/api/jobs").json()["jobs"]:
        swept.add(job["id"])
        site.client.delete(f"/api/jobs/{job['id']}")
    window.page.locator("body:not(.at-work)").wait_for()
    stage.may_go_on.clear()
    assert troubles == []


def test_drop_watch_see_filter_download(tab: Tab, stage: Stage):
    page = tab.page
    assert page.locator("#zone-title").is_visible()
    assert page.locator("#archive").is_hidden()
    tab.drop(("slow.mp3", b"sound"))
    row = tab.wait("slow.mp3", "running")
    row.get_by_text("0:02 of 0:08").wait_for()
    assert row.get_by_role("progressbar", name="Progress of slow.mp3").evaluate("(bar) => bar.value") == 0.25
    stage.may_go_on.set()
    row = tab.wait("slow.mp3", "done")
    assert tab.facts("slow.mp3").startswith("0:08 · 3 notes · 1 pedal press · ")
    until(lambda: {LOUD, SOFT} <= colours(row.locator("canvas")).keys())

    player = tab.open("slow.mp3")
    assert page.title() == "slow.mp3 – pianotrans"
    roll = player.locator("#roll")
    before = colours(roll)
    assert before[LOUD] > 200
    assert before[SUSTAIN] > 1000
    assert n_columns(roll, SOFT) == pytest.approx(2 * n_columns(roll, LOUD), rel=0.02), "two seconds, and one"
    player.locator("#filter").fill("50")
    assert player.locator("#kept").inner_text() == "2 of 3 notes shown"
    assert len(colours(roll)) < len(before), "the doubtful note was paler"
    kept = Cleaning(min_onset_confidence=0.5).apply(SONG)
    assert tab.download(player.locator("#download-kept")) == ("slow (shown).mid", midi_bytes(kept))
    link = page.get_by_role("link", name="Download MIDI: slow.mp3")
    assert tab.download(link) == ("slow.mid", midi_bytes(SONG))

    player.get_by_role("button", name="Play").click()
    until(lambda: float(player.get_by_label("Position").input_value()) > 0.3)
    player.get_by_role("button", name="Pause").click()
    assert player.locator("#trouble").inner_text() == ""
    page.go_back()
    page.locator("#work-title").wait_for()
    assert page.locator("iframe").count() == 0, "so that nothing goes on sounding"
    assert page.title() == "pianotrans"


def test_notes_appear_while_they_are_decided(tab: Tab, stage: Stage):
    tab.drop(("slow.mp3", b"sound"))
    tab.wait("slow.mp3", "running")
    tab.click("slow.mp3", "Open")
    roll = tab.page.locator("#live-roll")
    until(lambda: {LOUD, SUSTAIN} <= colours(roll).keys())
    assert SOFT not in colours(roll)
    assert tab.page.get_by_role("img", name="slow.mp3: 1 note so far, final up to 0:02 of 0:08").is_visible()
    stage.may_go_on.set()
    assert tab.player().get_by_role("heading", level=1).inner_text() == "slow.mp3", "the player takes its place"


def test_notes_appear_while_one_plays(tab: Tab, site: Site):
    page = tab.page
    page.get_by_role("button", name="Record", exact=True).click()
    roll = page.get_by_role("img", name="2 notes so far")
    roll.wait_for()
    until(lambda: SUSTAIN in colours(roll))
    assert len(colours(roll)) > 3, "the ground, its lines, the pedal, and the notes"
    assert page.locator("#preview-words").inner_text().startswith("This is a quick preview.")
    assert nameless(page) == []
    assert violations(page) == []
    length_before = n_columns(roll, SUSTAIN)
    until(lambda: n_columns(roll, SUSTAIN) > length_before)
    assert site.client.post("/api/previews?rate=48000").status_code == 429, "it is heard alone"
    page.get_by_role("button", name="Discard").click()
    until(lambda: site.client.post("/api/previews?rate=48000").status_code == 201)


def test_a_preview_that_fails_disturbs_no_recording(browser: Any, site: Site, tab: Tab):
    other = Tab(browser, str(site.client.base_url))
    refusal = {"status": 503, "json": {"detail": "There is no small model."}}
    other.page.route("**/api/previews?*", lambda route: route.fulfill(**refusal))
    other.page.get_by_role("button", name="Record", exact=True).click()
    words = other.page.locator("#preview-words")
    until(lambda: "There is no small model." in words.inner_text())
    until(lambda: other.page.locator("#preview").is_hidden())
    until(lambda: other.page.locator("#recording-clock").inner_text() == "0:01")
    other.page.get_by_role("button", name="Stop and transcribe").click()
    other.page.locator("#jobs [data-state=done]").wait_for()
    assert [trouble for trouble in other.troubles if "503" not in trouble] == []
    other.context.close()


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


def test_cancel_and_delete(tab: Tab, site: Site, folder: Path):
    names = ("bad.mp3", "long.mp3", "next.mp3")
    tab.drop(*((name, b"sound") for name in names))
    tab.wait("long.mp3", "running")
    tab.click("long.mp3", "Cancel")
    tab.wait("long.mp3", "cancelled")
    assert tab.wait("bad.mp3", "failed").get_by_role("link").count() == 0
    assert tab.facts("bad.mp3") == "No sound in it."
    tab.wait("next.mp3", "done")
    tab.click("next.mp3", "Delete")
    assert "next.mp3" in tab.page.get_by_role("dialog").inner_text()
    tab.answer("Keep")
    assert tab.names() == ["next.mp3", "long.mp3", "bad.mp3"], "the newest first"
    for name in names:
        tab.click(name, "Delete")
        tab.answer("Delete")
        tab.row(name).wait_for(state="detached")
    assert site.client.get("/api/jobs").json() == {"jobs": [], "next": None}
    until(lambda: list((folder / "jobs").iterdir()) == [])
    assert tab.page.locator("#zone-title .at-first").is_visible()


def test_two_tabs_agree(browser: Any, tab: Tab):
    other = Tab(browser, tab.page.url, beside=tab)
    tab.drop(("a.mp3", b"sound"), ("long.mp3", b"sound"))
    for one in (tab, other):
        one.wait("a.mp3", "done")
        one.wait("long.mp3", "running")
        assert one.names() == ["long.mp3", "a.mp3"]
    other.open("a.mp3")
    tab.click("long.mp3", "Cancel")
    tab.click("a.mp3", "Delete")
    tab.answer("Delete")
    other.wait("long.mp3", "cancelled")
    assert other.names() == tab.names() == ["long.mp3"]
    assert other.page.locator("iframe").count() == 0, "what is gone is not played"
    assert other.troubles == []
    other.page.close()


def test_a_reload_loses_nothing(tab: Tab, stage: Stage):
    tab.drop(("slow.mp3", b"sound"), ("song.mp3", b"sound"))
    tab.wait("song.mp3", "queued")
    tab.page.reload()
    tab.wait("slow.mp3", "running").get_by_text("0:02 of 0:08").wait_for()
    assert tab.facts("song.mp3") == "Queued, next"
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
    runs = 'script:not([src], [type="application/json"]), [onerror], img:not([src^="/assets/"])'
    inside = f"document.querySelectorAll('{runs}').length"
    assert tab.page.evaluate(inside) == 0


def test_an_answer_that_breaks_off_is_no_answer(tab: Tab, browser: Any, site: Site, stage: Stage):
    """Such as the table of a job that is deleted while its row shows the notes."""
    other = Tab(browser, str(site.client.base_url))
    other.page.evaluate(_BREAK_OFF_TABLES)
    stage.may_go_on.set()
    tab.drop(("a.mp3", b"sound"))
    other.wait("a.mp3", "done")
    until(lambda: other.page.evaluate("window.broken") == 1)
    refused = other.page.evaluate("""import("/assets/api.js").then((api) => api.getTable("a")).catch(String)""")
    assert refused == "Error: The server does not answer."
    assert other.troubles == []
    other.context.close()


def test_every_format_of_one_and_some_of_all_in_a_zip_file(tab: Tab, site: Site):
    tab.drop(("a.mp3", b"sound"), ("b.mp3", b"sound"))
    for name in ("a.mp3", "b.mp3"):
        tab.wait(name, "done")
    labels = [one["label"] for one in site.client.get("/api/limits").json()["formats"]]
    assert tab.row("a.mp3").locator(".downloads a").all_inner_texts() == labels
    tab.page.locator("#archive summary").click()
    assert tab.page.locator("#archive label").all_inner_texts() == labels
    tab.page.get_by_role("checkbox", name="CSV").check()
    name, content = tab.download(tab.page.locator("#archive-link"))
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
    assert "2 files" in tab.page.locator("#trouble").inner_text()


def test_narrow_dark_and_named(browser: Any, site: Site, tab: Tab):
    # "null": as outside of tests, where a frame is as dark as the page around it
    address, options = str(site.client.base_url), {"color_scheme": "null"}
    phone = Tab(browser, address, viewport={"width": 390, "height": 844}, **options)
    phone.drop((LONG_NAME, b"sound"), ("bad.mp3", b"sound"))
    miniature = phone.wait(LONG_NAME, "done").locator("canvas")
    phone.wait("bad.mp3", "failed")
    assert nameless(phone.page) == []
    for width in (390, 320):
        phone.page.set_viewport_size({"width": width, "height": 844})
        assert phone.page.evaluate("document.documentElement.scrollWidth") == width
    until(lambda: LOUD in colours(miniature))
    phone.page.get_by_role("radio", name="Dark").check()
    assert LOUD_IN_THE_DARK in colours(miniature)
    assert background(phone.page) == DARK
    phone.page.reload()
    assert background(phone.page) == DARK, "the choice is kept"
    player = phone.open(LONG_NAME)
    assert background(player) == DARK
    assert player.locator("#themes").is_hidden(), "the page around it has the switch"
    phone.page.get_by_role("radio", name="Light").check()
    until(lambda: LOUD in colours(player.locator("#roll")))
    assert phone.troubles == []
    phone.context.close()


def test_the_page_speaks_the_language_of_its_reader(tab: Tab):
    tab.drop(("song.mp3", b"sound"), ("bad.mp3", b"sound"))
    tab.wait("song.mp3", "done")
    tab.wait("bad.mp3", "failed")
    tab.page.get_by_label("Language").select_option(label="Deutsch")
    for _ in ("at once", "kept"):
        assert tab.page.locator("html").get_attribute("lang") == "de"
        assert violations(tab.page) == []
        assert "3 Noten" in tab.facts("song.mp3")
        assert tab.row("song.mp3").get_by_role("link", name="Öffnen: song.mp3").inner_text() == "Öffnen"
        assert tab.row("song.mp3").get_by_role("link", name="MIDI herunterladen: song.mp3").count() == 1
        tab.page.reload()
        tab.wait("song.mp3", "done")
    tab.row("song.mp3").get_by_role("link", name="Öffnen: song.mp3").click()
    player = tab.player()
    assert player.locator("html").get_attribute("lang") == "de"
    assert player.locator("#facts").inner_text().startswith("3 Noten")
    tab.page.get_by_label("Sprache").select_option(label="English")
    player.locator("html[lang=en]").wait_for()


def test_what_the_transcription_tells(tab: Tab):
    tab.drop(("flat.mp3", b"sound"), ("song.mp3", b"sound"))
    row = tab.wait("flat.mp3", "done")
    lines = ["The piano is 40 cents flat.", "<b>a pause</b> of 2.0 s at 0:31."]
    assert row.locator(".remarks p").all_inner_texts() == lines
    assert tab.wait("song.mp3", "done").locator(".remarks p").count() == 0
    tab.page.reload()
    assert tab.wait("flat.mp3", "done").locator(".remarks p").all_inner_texts() == lines


def test_a_long_list_comes_in_parts(browser: Any, tmp_path: Path):
    ids = fill(tmp_path, 230, JobState.done)
    with serving(tmp_path, Scripted(Stage())) as site:
        tab = Tab(browser, str(site.client.base_url))
        page, more = tab.page, tab.page.get_by_role("button", name="Show older")
        more.wait_for()
        newest_first = [f"{number}.mp3" for number in range(230, 0, -1)]
        assert tab.names() == newest_first[:100]
        site.client.delete(f"/api/jobs/{ids[0]}")  # one that is not loaded
        site.done("new.mp3")
        tab.wait("new.mp3", "done")
        assert tab.names() == ["new.mp3", *newest_first[:100]]
        more.click()
        until(lambda: len(tab.names()) == 201)
        page.goto(f"{page.url}#{ids[1]}")  # one that is not loaded either
        page.locator("#back").wait_for()
        assert page.title() == "2.mp3 – pianotrans"
        page.locator("#back").click()
        assert tab.names() == ["new.mp3", *newest_first[:200], "2.mp3"]
        more.click()
        more.wait_for(state="hidden")
        assert tab.names() == ["new.mp3", *newest_first[:229]]
        tab.context.close()


def test_a_full_disk_is_told(browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def write(*_: Any, **__: Any) -> None:
        raise OutputError("no space") from OSError(errno.ENOSPC, "No space left on device")

    with serving(tmp_path, Scripted(Stage())) as site:
        tab = Tab(browser, str(site.client.base_url))
        monkeypatch.setattr("pianotrans.web.results.write_atomically", write)
        tab.drop(("song.mp3", b"sound"))
        tab.page.locator("#problem").get_by_text("disk is full").wait_for()
        monkeypatch.undo()
        tab.wait("song.mp3", "done")
        tab.page.locator("#problem").wait_for(state="hidden")
        tab.context.close()


def test_what_is_too_large_or_too_much(browser: Any, tmp_path: Path):
    def hurry(route: Any) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, headers=answer.headers | {"retry-after": "1"})

    stage = Stage()
    limits = Limits(max_upload_bytes=2**20, max_queued=1)
    with serving(tmp_path, Scripted(stage), limits=limits) as site:
        tab = Tab(browser, str(site.client.base_url))
        tab.page.route("**/api/jobs?*", hurry)
        shown = tab.page.locator("#limits").inner_text()
        assert "1.0 MiB" in shown
        assert "2 hours" in shown
        tab.drop(("large.mp3", bytes(2**20 + 1)))
        assert "1.0 MiB" in tab.row("large.mp3").locator(".facts").inner_text()
        tab.click("large.mp3", "Dismiss")
        tab.drop(*((f"{name}.mp3", b"sound") for name in ("slow 1", "slow 2", "slow 3")))
        tab.row("slow 3.mp3").get_by_text("The queue is full").wait_for()
        stage.may_go_on.set()
        tab.wait("slow 3.mp3", "done")
        assert tab.names() == ["slow 3.mp3", "slow 2.mp3", "slow 1.mp3"]
        assert all("429" in trouble for trouble in tab.troubles), "the browser's own note of the refusal"
        tab.context.close()


def test_with_a_token(browser: Any, tmp_path: Path):
    """Followed from a page elsewhere, the address opens the page, and the token is gone from sight."""
    with serving(tmp_path, Scripted(Stage()), access=Access(token="open-sesame")) as site:
        address = str(site.client.base_url).replace("127.0.0.1", "localhost")
        tab = Tab(browser, f"{address}?token=open-sesame", by_link=True)
        assert tab.page.url == address
        assert tab.page.evaluate("document.cookie") == "", "no script can read it"
        tab.drop(("song.mp3", b"sound"))
        tab.wait("song.mp3", "done")
        tab.open("song.mp3")
        link = tab.page.get_by_role("link", name="Download MIDI: song.mp3")
        assert tab.download(link) == ("song.mid", midi_bytes(SONG))
        assert tab.troubles == []
        tab.context.close()
        stranger = browser.new_context()
        assert stranger.new_page().goto(address).status == 401
        stranger.close()
