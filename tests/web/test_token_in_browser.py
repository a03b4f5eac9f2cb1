"""The address with the token, opened in Debian's Chromium: the page comes, and the token is gone from sight."""

import shutil
from pathlib import Path

import pytest

from pianotrans.web.guard import Access

from .making import serving

_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.mark.slow
@pytest.mark.skipif(_CHROMIUM is None, reason="no chromium; on Debian: apt-get install chromium")
def test_the_address_that_is_printed(tmp_path: Path):
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with serving(tmp_path, access=Access(token="secret")) as site, playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=_CHROMIUM)
        page = browser.new_page()
        base = str(site.client.base_url).replace("127.0.0.1", "localhost")
        page.goto("about:blank")
        page.goto(f"data:text/html,<a href='{base}?token=secret'>a link from elsewhere</a>")
        page.get_by_role("link").click()
        page.wait_for_url(base, timeout=10_000)
        page.wait_for_function("document.querySelector('h1') !== null", timeout=10_000)
        assert page.evaluate("document.cookie") == "", "no script can read it"
        assert page.evaluate("fetch('/api/jobs').then((answer) => answer.status)") == 200
        stranger = browser.new_context().new_page()
        assert stranger.goto(base).status == 401
        browser.close()
