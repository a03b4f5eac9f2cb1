"""The address with the token, opened in Debian's Chromium: the page comes, and the token is gone from sight."""

from pathlib import Path
from typing import Any

import pytest

from pianotrans.web.guard import Access

from .making import serving


@pytest.mark.slow
def test_the_address_that_is_printed(browser: Any, tmp_path: Path):
    with serving(tmp_path, access=Access(token="secret")) as site:
        context = browser.new_context()
        page = context.new_page()
        base = str(site.client.base_url).replace("127.0.0.1", "localhost")
        page.goto("about:blank")
        page.goto(f"data:text/html,<a href='{base}?token=secret'>a link from elsewhere</a>")
        page.get_by_role("link").click()
        page.wait_for_url(base, timeout=10_000)
        page.locator("#zone-title").wait_for(timeout=10_000)
        assert page.evaluate("document.cookie") == "", "no script can read it"
        assert page.evaluate("fetch('/api/jobs').then((answer) => answer.status)") == 200
        context.close()
        stranger = browser.new_context()
        assert stranger.new_page().goto(base).status == 401
        stranger.close()
