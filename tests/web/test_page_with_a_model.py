"""The page in a browser, with server and model in processes of their own: what is heard, and what outlives them."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.browser import colours, until
from tests.commands.driving import clip, noise, run_process, write
from tests.commands.test_serve import running

from .browsing import Tab

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

CLIP = "beethoven_fur_elise.flac"
WAIT_S = 300.0


@contextmanager
def opened(browser: Any, folder: Path, *options: object) -> Iterator[tuple[Tab, Any]]:
    """The page of a new server, and the server's process."""
    with running("--folder", folder, *options) as (process, site):
        tab = Tab(browser, str(site.client.base_url))
        yield tab, process
        tab.context.close()


@pytest.mark.weights
def test_a_clip_becomes_the_files_of_the_command_line(
    browser: Any, published, samples_folder: Path, tmp_path: Path
):
    options = ("--model", "transkun-v2", "--precision", "float32", "--device", "cpu")
    formats = {"MIDI": "mid", "CSV": "csv", "JSON": "json", "Report": "html"}
    source = samples_folder / CLIP
    with opened(browser, tmp_path / "jobs", *options) as (tab, _):
        tab.drop((CLIP, source.read_bytes()))
        tab.wait(CLIP, "running", WAIT_S)
        until(lambda: " of 0:13" in tab.facts(CLIP), WAIT_S)
        tab.wait(CLIP, "done", WAIT_S)
        player = tab.open(CLIP)
        n_notes = int(player.locator("#facts").inner_text().split()[0])
        assert n_notes > 50
        assert len(colours(player.locator("#roll"))) > 50, "notes of every loudness and confidence"
        player.get_by_role("button", name="Play").click()
        until(lambda: float(player.get_by_label("Position").input_value()) > 0.5)
        player.get_by_role("button", name="Pause").click()
        player.locator("#filter").fill("99")
        n_kept = int(player.locator("#kept").inner_text().split()[0])
        assert 0 < n_kept < n_notes
        found = {
            ending: tab.download(tab.page.get_by_role("link", name=f"Download {what}: {CLIP}"))
            for what, ending in formats.items()
        }
        assert tab.download(player.locator("#download"))[1] == found["mid"][1]
        assert tab.troubles == []
    done = run_process("transcribe", source, "-o", tmp_path, "--format", "mid,csv,json,html", "-q", *options)
    assert done.returncode == 0, done.stderr
    for ending, (name, content) in found.items():
        assert name == f"beethoven_fur_elise.{ending}"
        assert content == (tmp_path / name).read_bytes()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_the_server_dies_during_a_job_and_comes_back(browser: Any, tmp_path: Path, number: int):
    """The page says so, waits, and sees the job through; what was meant for the dead server is sent to the next."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    long_one = write(tmp_path / "long.flac", noise(180.0)).read_bytes()
    with opened(browser, tmp_path / "jobs", "--port", port) as (tab, process):
        tab.drop(("long.flac", long_one), ("song.wav", clip(tmp_path / "song.wav").read_bytes()))
        tab.wait("song.wav", "queued")
        tab.wait("long.flac", "running", WAIT_S)
        until(lambda: " of 3:00" in tab.facts("long.flac"), WAIT_S)
        os.killpg(process.pid, number)
        process.communicate(timeout=WAIT_S)
        tab.page.locator("#lost").wait_for()
        assert set(tab.names()) == {"long.flac", "song.wav"}, "they are still to be seen"
        tab.drop(("later.wav", clip(tmp_path / "song.wav").read_bytes()))
        tab.row("later.wav").get_by_text("The server does not answer").wait_for()
        with running("--folder", tmp_path / "jobs", "--port", port):
            tab.page.locator("#lost").wait_for(state="hidden", timeout=1000 * WAIT_S)
            for name in ("long.flac", "song.wav", "later.wav"):
                tab.wait(name, "done", WAIT_S)
            assert tab.names() == ["later.wav", "song.wav", "long.flac"]
            assert not [trouble for trouble in tab.troubles if "ERR_" not in trouble], "but that it did not answer"


def test_from_the_microphone_to_a_transcription(browser: Any, tmp_path: Path):
    with opened(browser, tmp_path / "jobs") as (tab, _):
        page = tab.page
        page.get_by_role("button", name="Record", exact=True).click()
        until(lambda: page.locator("#recording-clock").inner_text() == "0:03")
        assert sum(colours(page.locator("#level")).values()) > 0
        assert any(colour[3] for colour in colours(page.locator("#level"))), "its level is drawn"
        page.get_by_role("button", name="Stop and transcribe").click()
        page.locator("#jobs [data-state=done]").wait_for(timeout=1000 * WAIT_S)
        (name,) = tab.names()
        assert name.startswith("Recording 20")
        assert tab.facts(name).startswith(("0:03 · ", "0:04 · "))
        player = tab.open(name)
        assert player.locator("#fade-label").is_visible(), "the recording can be heard"
        tab.page.locator("#back").click()
        page.get_by_role("button", name="Record", exact=True).click()
        page.get_by_role("button", name="Discard").click()
        page.get_by_role("button", name="Record", exact=True).wait_for()
        assert tab.names() == [name]
        assert tab.troubles == []
