"""What axe-core finds in the report: nothing serious, in either theme, as roll, as score, with its help open."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import chromium, violations
from tests.views.scores import measure, page, small_score
from tests.views.visiting import Visit

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

PAGES = (page(measure(0, "n0", "n1", "n2"), measure(1, "n4")),)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as one:
        yield one


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_serious(browser: Any, tmp_path: Path, theme: str):
    score = small_score(pages=PAGES)
    one = Visit(browser, tmp_path, score.performance, score=score, color_scheme=theme).page
    assert violations(one) == []
    one.locator("#score-tab").click()
    one.locator("#score svg[role=img]").first.wait_for()
    assert violations(one) == []
    one.locator("#roll-tab").click()
    one.locator("#roll").focus()
    one.keyboard.press("?")
    assert violations(one) == []
    one.keyboard.press("Escape")
    one.evaluate("document.querySelector('#zoom-in').replaceChildren()")
    one.evaluate("document.querySelector('#zoom-in').removeAttribute('aria-label')")
    assert [rule for _, rule, _ in violations(one)] == ["button-name"], "it is seen if something is wrong"
    one.context.close()
