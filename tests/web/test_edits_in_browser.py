"""Edits in the player: they outlive page and server, and no window overwrites another's."""

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import until, violations

from .browsing import Tab
from .making import Scripted, Site, serving
from .stage import SONG, Stage
from .test_edits import contents, singing

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

_GREETED = """() => new Promise((resolve) => {
    addEventListener("message", ({ ports }) => { if (ports.length) resolve(true); });
    window.postMessage({ greeting: "pianotrans workbench" }, "*");
    setTimeout(() => resolve(false), 300);
})"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("server"), Scripted(Stage())) as one:
        yield one


@pytest.fixture
def tab(browser: Any, site: Site) -> Iterator[Tab]:
    one = Tab(browser, str(site.client.base_url))
    yield one
    assert one.troubles == []
    one.context.close()


def edits_of(site: Site, job: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = site.client.get(f"/api/jobs/{job['id']}/edits").json()
    return answer


def press(tab: Tab, *keys: str) -> None:
    """Press keys in the player."""
    tab.player().locator("#roll").focus()
    for key in keys:
        tab.page.keyboard.press(key)


def edit(tab: Tab, *keys: str, state: str = "saved") -> Any:
    """Press keys in the player; its line about edits, once it says this."""
    press(tab, *keys)
    line = tab.player().locator(f"#keeping[data-state={state}]")
    line.wait_for()
    return line


def n_notes(tab: Tab) -> int:
    return int(tab.player().locator("#rows tr").count())


def test_they_outlive_a_reload_and_the_server(browser: Any, tmp_path: Path):
    with serving(tmp_path, Scripted(Stage())) as site:
        job = site.done("kept.mp3")
        tab = Tab(browser, str(site.client.base_url))
        tab.open("kept.mp3")
        assert n_notes(tab) == len(SONG.notes)
        assert "on the server" in edit(tab, "f", "Delete").inner_text()
        saved = edits_of(site, job)
        assert (saved["revision"], len(saved["edits"]["notes"]["deleted"])) == (1, 1)
        tab.page.reload()
        until(lambda: n_notes(tab) == len(SONG.notes) - 1)
        press(tab, "f", "Delete")
        tab.page.reload()  # before it says that it is saved
        until(lambda: n_notes(tab) == len(SONG.notes) - 2)
        assert edits_of(site, job)["revision"] == 2
        assert tab.troubles == []
        tab.context.close()
    with serving(tmp_path, Scripted(Stage())) as later:
        other = Tab(browser, f"{later.client.base_url}#{job['id']}")
        until(lambda: n_notes(other) == len(SONG.notes) - 2)
        other.context.close()


def test_the_second_of_two_windows_is_asked(browser: Any, site: Site, tab: Tab):
    job = site.done("shared.mp3")
    other = Tab(browser, tab.page.url, beside=tab)
    for one in (tab, other):
        one.open("shared.mp3")
    edit(tab, "f", "Delete")
    line = edit(other, "Control+a", "ArrowUp", state="conflict")
    line.get_by_role("button", name="Load its edits").click()
    until(lambda: n_notes(other) == len(SONG.notes) - 1)
    edit(other, "Control+a", "Delete")
    until(lambda: edits_of(site, job)["revision"] == 2)
    line = edit(tab, "Control+a", "ArrowUp", state="conflict")
    assert edits_of(site, job)["revision"] == 2
    line.get_by_role("button", name="Keep mine").click()
    until(lambda: edits_of(site, job)["revision"] == 3)
    assert len(edits_of(site, job)["edits"]["notes"]["deleted"]) == 1
    tab.troubles[:] = [one for one in tab.troubles if "412" not in one]  # which browsers call an error
    assert [one for one in other.troubles if "412" not in one] == []
    other.page.close()


def test_a_server_that_ends_in_the_middle_of_an_edit(browser: Any, tmp_path: Path):
    with serving(tmp_path, Scripted(Stage())) as site:
        job = site.done("later.mp3")
        tab = Tab(browser, str(site.client.base_url))
        box = tab.open("later.mp3").locator("#roll").bounding_box()
        press(tab, "d")
        x, y = box["x"] + box["width"] / 2, box["y"] + 20
        tab.page.mouse.move(x, y)
        tab.page.mouse.down()
    tab.page.mouse.move(x + 60, y)
    tab.page.mouse.up()
    line = tab.player().locator("#keeping[data-state=failed]")
    assert "does not answer" in line.inner_text()
    assert n_notes(tab) == len(SONG.notes) + 1
    with serving(tmp_path, Scripted(Stage()), port=site.client.base_url.port) as site:
        until(lambda: edits_of(site, job)["revision"] == 1)
        tab.player().locator("#keeping[data-state=saved]").wait_for()
        assert len(edits_of(site, job)["edits"]["notes"]["added"]) == 1
        # A score may have been in the making when the server ended.
        assert [one for one in tab.troubles if "ERR_" not in one and "/score" not in one] == []
        tab.context.close()


def test_a_full_disk_takes_nothing(site: Site, tab: Tab, monkeypatch: pytest.MonkeyPatch):
    job = site.done("full.mp3")
    tab.open("full.mp3")

    def refuse(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        assert "disk is full" in edit(tab, "f", "Delete", state="failed").inner_text()
        assert n_notes(tab) == len(SONG.notes) - 1
        assert not list(site.service.jobs.folders.of(job["id"]).edits.iterdir())
    until(lambda: edits_of(site, job)["revision"] == 1)
    tab.troubles[:] = [one for one in tab.troubles if "507" not in one]


def test_edits_of_a_newer_program_are_left_alone(site: Site, tab: Tab):
    job = site.done("newer.mp3")
    newer = b'{"format": "pianotrans edits", "version": 9}'
    assert site.service.revisions.save(job["id"], newer, 1, 0) == 1
    tab.open("newer.mp3")
    line = tab.player().locator("#keeping[data-state=unread]")
    assert "9" in line.inner_text()
    assert n_notes(tab) == len(SONG.notes)
    press(tab, "f", "Delete")
    tab.page.reload()
    line.wait_for()
    assert edits_of(site, job) == {"revision": 1, "edits": json.loads(newer)}


def test_a_revision_is_opened_again_and_that_can_be_undone(site: Site, tab: Tab):
    job = site.done("revised.mp3")
    player = tab.open("revised.mp3")
    for n in (1, 2):
        edit(tab, "f", "Delete")
        until(lambda n=n: edits_of(site, job)["revision"] == n)
    rows = player.locator("#revisions li")
    player.get_by_role("button", name="Revisions").click()
    rows.first.wait_for()
    assert [row.split("\t")[0].split("\n")[1:] for row in rows.all_inner_texts()] == [
        ["2 changes", "current"],
        ["1 change", "Open"],
    ]
    assert rows.first.get_attribute("aria-current") == "true"
    rows.nth(1).get_by_role("button").click()
    until(lambda: edits_of(site, job)["revision"] == 3)
    assert n_notes(tab) == len(SONG.notes) - 1
    player.locator("#roll").focus()
    tab.page.keyboard.press("Control+z")
    until(lambda: edits_of(site, job)["revision"] == 4)
    assert n_notes(tab) == len(SONG.notes) - 2
    player.get_by_role("button", name="Revisions").click()
    until(lambda: rows.count() == 4)
    assert violations(tab.page) == []
    player.get_by_role("button", name="Close").click()


def test_only_the_frame_of_the_player_is_heard(site: Site, tab: Tab):
    site.done("alone.mp3")
    tab.open("alone.mp3")
    assert tab.page.evaluate(_GREETED) is False


def test_the_score_follows(browser: Any, tmp_path: Path):
    """Made by the real process."""
    contents()
    with serving(tmp_path, Scripted(singing)) as site:
        job = site.done("song.mp3")
        tab = Tab(browser, str(site.client.base_url))
        player = tab.open("song.mp3")
        player.get_by_role("tab", name="Score").click()
        written = player.locator("#score [data-note]")
        written.first.wait_for()
        before = written.count()
        player.get_by_role("tab", name="Piano roll").click()
        edit(tab, "f", "Delete")
        until(lambda: written.count() == before - 1, 240)
        site.client.timeout = 120
        saved = json.dumps(edits_of(site, job)["edits"])
        of_server = site.client.post(f"/api/jobs/{job['id']}/files/mid", content=saved).content
        assert tab.download(player.locator("#download"))[1] == of_server, (
            "with the beats of the notes that are left"
        )
        player.get_by_role("tab", name="Score").click()
        player.locator("#score [data-note='30']").click(force=True)  # lines of the staff lie above it
        until(lambda: player.locator("#clock").inner_text().startswith("0:15"))
        assert tab.troubles == []
        tab.context.close()
