"""Make the pictures of the README: `python data/make_screenshots.py`, after `make demo`.

Opens the report that the demo wrote in Debian's Chromium (apt-get install chromium) with the network off, draws the
piano roll anew in a smaller size, has the web app transcribe the clips of `data/samples`, and plays one of them to
its recorder. All become pictures of 256 colours: a README should load fast.
"""

import io
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import soundfile
from PIL import Image
from playwright.sync_api import sync_playwright

REPOSITORY = Path(__file__).resolve().parent.parent
SHOTS = REPOSITORY / "data" / "screenshots"
CLIPS = sorted(path for path in (REPOSITORY / "data" / "samples").iterdir() if path.suffix != ".mid")
DEMO = REPOSITORY / "out" / "satie_gymnopedie.html"
BACH = REPOSITORY / "data" / "samples" / "bach_prelude.ogg"
SCORE_PART = 0.27  # of the page, from its top
WIDTH, HEIGHT = 1180, 860
AT_S = 6.5
WEB_HEIGHT = 560
RECORDER_HEIGHT = 590
PLAYED_MS = 11_000
MOST_WAIT_MS = 900_000  # on a busy machine


def report() -> bytes:
    """The report at a moment of the music, as PNG."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_context(offline=True, viewport={"width": WIDTH, "height": HEIGHT}).new_page()
        page.goto(DEMO.as_uri())
        page.wait_for_selector("html[data-ready]")
        page.get_by_label("Position").fill(str(AT_S))
        page.evaluate("document.activeElement.blur()")
        page.wait_for_timeout(300)
        shot = page.screenshot()
        browser.close()
    return shot


@contextmanager
def serving() -> Iterator[str]:
    """The address of a web app without jobs."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, REPOSITORY / "cli.py", "serve", "--port", "0", "--folder", folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            try:
                yield server.stdout.readline().split()[1]
            finally:
                server.terminate()


def web_app() -> bytes:
    """The page with two transcriptions and one that is being made, as PNG."""
    with serving() as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page(viewport={"width": WIDTH, "height": WEB_HEIGHT})
        page.goto(address)
        page.locator("#files").set_input_files(CLIPS)
        page.locator("[data-state=done]").nth(len(CLIPS) - 2).wait_for(timeout=MOST_WAIT_MS)
        page.locator("[data-state=running]").get_by_text("left").wait_for(timeout=MOST_WAIT_MS)
        page.wait_for_timeout(600)
        shot = page.screenshot()
        browser.close()
    return shot


def recorder() -> bytes:
    """The page while a clip is played to its microphone, as PNG."""
    with serving() as address, tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        sound = Path(folder) / "sound.wav"
        soundfile.write(sound, *soundfile.read(BACH), subtype="PCM_16")
        microphone = (
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-audio-capture={sound}",
        )
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=microphone)
        page = browser.new_page(viewport={"width": WIDTH, "height": RECORDER_HEIGHT})
        page.goto(address)
        page.get_by_role("button", name="Record", exact=True).click()
        page.get_by_text("This is a quick preview").wait_for(timeout=MOST_WAIT_MS)
        page.get_by_role("button", name="Discard").click()
        page.get_by_role("button", name="Record", exact=True).click()  # again, from the beginning of the clip
        page.wait_for_timeout(PLAYED_MS)
        shot = page.screenshot()
        browser.close()
    return shot


def score_page() -> bytes:
    """The beginning of a score that is engraved from a recording, as PNG."""
    import pypdfium2

    with tempfile.TemporaryDirectory() as folder:
        pdf = Path(folder) / "score.pdf"
        title = ["--title", "J. S. Bach, Prelude in C major"]
        subprocess.run([sys.executable, REPOSITORY / "cli.py", "score", BACH, "-o", pdf, *title], check=True)
        page = pypdfium2.PdfDocument(pdf)[0].render(scale=2).to_pil()
    shot = io.BytesIO()
    page.crop((0, 0, page.width, round(SCORE_PART * page.height))).save(shot, "PNG")
    return shot.getvalue()


def save(name: str, content: bytes) -> None:
    """Write a PNG of a few colours, and not wider than the page."""
    image = Image.open(io.BytesIO(content)).convert("RGB")
    image.thumbnail((WIDTH, 10 * HEIGHT), Image.Resampling.LANCZOS)
    path = SHOTS / name
    image.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    SHOTS.mkdir(exist_ok=True)
    save("report.png", report())
    save("roll.png", DEMO.with_suffix(".png").read_bytes())
    save("score.png", score_page())
    save("web.png", web_app())
    save("preview.png", recorder())
