"""The page on a telephone, in the dark, and to who does not see it."""

from pathlib import Path
from typing import Any

import pytest

from .browsing import Tab
from .making import Scripted, serving
from .test_page_in_browser import Stage

pytestmark = pytest.mark.slow

NAME = "a recording with a very long name, as telephones give them 2026-11-25 05.34.54.mp3"
_GROUND = "(body) => getComputedStyle(body).backgroundColor"
_NAMELESS = """() => {
    const hasName = (one) => one.getAttribute("aria-label") || one.textContent.trim() || one.labels?.length;
    const all = [...document.querySelectorAll("button, input, a, progress, summary")];
    return all.filter((one) => one.checkVisibility() && !hasName(one)).map((one) => one.outerHTML);
}"""


def test_narrow_dark_and_named(browser: Any, tmp_path: Path):
    with serving(tmp_path, Scripted(Stage())) as site:
        # "null": as outside of tests, where a frame is as dark as the page around it
        tab = Tab(browser, str(site.client.base_url), viewport={"width": 390, "height": 844}, color_scheme="null")
        tab.drop((NAME, b"sound"), ("bad.mp3", b"sound"))
        tab.wait(NAME, "done")
        tab.wait("bad.mp3", "failed")
        assert tab.page.evaluate(_NAMELESS) == []
        for width in (390, 320):
            tab.page.set_viewport_size({"width": width, "height": 844})
            assert tab.page.evaluate("document.documentElement.scrollWidth") == width
        tab.page.get_by_role("radio", name="Dark").check()
        assert tab.page.locator("body").evaluate(_GROUND) == "rgb(21, 23, 28)"
        tab.page.reload()
        assert tab.page.locator("body").evaluate(_GROUND) == "rgb(21, 23, 28)", "the choice is kept"
        player = tab.open(NAME)
        assert player.locator("body").evaluate(_GROUND) == "rgb(21, 23, 28)"
        tab.page.screenshot(path=tmp_path / "dark.png")
        assert tab.troubles == []
        tab.context.close()
