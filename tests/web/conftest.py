"""The models of these tests are small; one browser serves each module."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.threads import one_thread

from .browsing import chromium

__all__ = ["one_thread"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium. No longer than a module: while it is open, no other event loop runs in the thread."""
    with chromium() as one:
        yield one
