"""The models of these tests are small; one browser serves them all."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.threads import one_thread

from .browsing import chromium

__all__ = ["one_thread"]


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """Chromium, which is started once."""
    with chromium() as one:
        yield one
