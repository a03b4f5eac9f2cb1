"""The models of these tests are small; one browser serves each module."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser import chromium
from tests.threads import one_thread

__all__ = ["one_thread"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, for the tests of one module."""
    with chromium() as one:
        yield one
