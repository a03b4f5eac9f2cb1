"""Walk through the workbench as a musician would, and take three pictures: `python data/walk_through.py`.

The web app transcribes a clip of `data/samples`. Its doubtful notes are decided, a bar line is set by hand, two
bars go round at half speed, and MIDI and MusicXML are downloaded. It needs Chromium (apt-get install chromium).
"""

import shutil
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent))
from make_screenshots import MOST_WAIT_MS, REPOSITORY, save, serving

CLIP = REPOSITORY / "data" / "samples" / "satie_gymnopedie.mp3"
WIDTH, HEIGHT = 1180, 860
MOST_DOUBTS = 100
BAR_AT_S = 3.0  # near the beat that shall begin a bar
SHEET_HEIGHT = 470  # of the picture: one system
_SHOW = """(one) => {
    document.activeElement?.blur();
    one.style.scrollMarginTop = "6px";
    one.scrollIntoView({ block: "start", behavior: "instant" });
}"""


def open_player(page: Any) -> Any:
    """Have the clip transcribed, and open it; the frame of the workbench."""
    page.locator("#files").set_input_files(CLIP)
    page.locator("[data-state=done] .open").first.click(timeout=MOST_WAIT_MS)
    frame = page.frame_locator("#player iframe")
    frame.locator("html[data-ready]").wait_for()
    frame.locator("#taking .formats button").first.wait_for()
    return frame


def correct_doubts(page: Any, frame: Any) -> int:
    """Decide every doubtful note: what was not written is not there, all others are right. How many there were."""
    frame.locator("#roll").focus()
    page.keyboard.press("n")
    picture(page, frame, "#toolbar", "doubt.png")
    frame.locator("#roll").focus()
    place = frame.locator("#doubt-place")
    for n in range(MOST_DOUBTS):
        if "1" not in place.inner_text():
            return n
        is_candidate = frame.locator("#doubt .choices button").filter(has_text="It is there").count() > 0
        page.keyboard.press("x" if is_candidate else "a")
        page.wait_for_timeout(100)
    return MOST_DOUBTS


def begin_bar(page: Any, frame: Any) -> None:
    """The beat at the cursor begins a bar, and the sheet follows."""
    frame.locator("#position").fill(str(BAR_AT_S))
    frame.locator("#roll").focus()
    page.keyboard.press("b")
    frame.locator("#keeping[data-state=saved]").wait_for()
    frame.locator("#score-tab").click()
    frame.locator("#score svg[role=img]").first.wait_for(timeout=MOST_WAIT_MS)
    page.wait_for_timeout(6000)  # until the new score is there
    frame.locator("#score").focus()
    page.keyboard.press("+")
    picture(page, frame, "#view-bar", "sheet.png", SHEET_HEIGHT)
    frame.locator("#roll-tab").click()


def loop_two_bars(page: Any, frame: Any) -> None:
    """Drag along the bar numbers, at half the speed, with the metronome."""
    frame.locator("#practise-speed").fill("50")
    frame.get_by_role("button", name="Metronome").click()
    box = frame.locator("#roll").bounding_box()
    y = box["y"] + 8
    page.mouse.move(box["x"] + 0.35 * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], y, steps=5)
    page.mouse.up()
    frame.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_timeout(2500)
    picture(page, frame, "#playback", "practise.png")
    frame.get_by_role("button", name="Pause", exact=True).click()


def take_away(page: Any, frame: Any) -> None:
    """Download MIDI from the page and MusicXML from the server, both with the edits."""
    for control in (frame.locator("#download"), frame.locator("#taking").get_by_role("button", name="MusicXML")):
        with page.expect_download(timeout=MOST_WAIT_MS) as waiting:
            control.click()
        path = waiting.value.path()
        print(f"{waiting.value.suggested_filename}: {path.stat().st_size} bytes")


def picture(page: Any, frame: Any, top: str, name: str, height: int = HEIGHT) -> None:
    """What there is to see from an element on."""
    frame.locator(top).evaluate(_SHOW)
    page.wait_for_timeout(400)
    save(name, page.screenshot(clip={"x": 0, "y": 0, "width": WIDTH, "height": height}))


def main() -> None:
    """The whole walk."""
    with serving() as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(address)
        frame = open_player(page)
        print(f"{correct_doubts(page, frame)} doubts")
        begin_bar(page, frame)
        loop_two_bars(page, frame)
        take_away(page, frame)
        browser.close()


if __name__ == "__main__":
    main()
