"""Make the two pictures of the README: `python data/make_screenshots.py`, after `make demo`.

Opens the report that the demo wrote in Debian's Chromium (apt-get install chromium) with the network off, and draws
the piano roll anew in a smaller size. Both become pictures of 256 colours: a README should load fast.
"""

import io
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

REPOSITORY = Path(__file__).resolve().parent.parent
SHOTS = REPOSITORY / "data" / "screenshots"
DEMO = REPOSITORY / "out" / "satie_gymnopedie.html"
WIDTH, HEIGHT = 1180, 860
AT_S = 6.5


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
