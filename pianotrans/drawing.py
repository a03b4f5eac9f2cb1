"""Drawing with matplotlib, which wants a folder to write to and reads mathematics out of dollar signs."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pianotrans.errors import OutputError


@contextmanager
def drawing(settings: dict[Any, Any] | None = None) -> Iterator[None]:
    """Within this, text in pictures is shown as it is, and matplotlib's `settings` hold.

    Raises OutputError where matplotlib finds no folder for its caches.
    """
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it warns of folders that it does without
    try:
        import matplotlib.font_manager
    except OSError as error:
        raise OutputError(
            "pictures: matplotlib has no folder to write to. Set MPLCONFIGDIR to one that can be written."
        ) from error
    with matplotlib.rc_context({"text.parse_math": False, **(settings or {})}):
        yield
