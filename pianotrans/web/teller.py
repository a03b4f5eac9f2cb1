"""News for the owner of the server, told so that it never stops the work."""

import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Full, Queue

Tell = Callable[[str], None]

_MOST_LINES = 1000  # that wait; further ones are dropped
_PATIENCE_S = 1.0  # at the end


class Teller:
    """Tells in a thread of its own: the terminal may be a full disk, or a pipe that nobody reads.

    Args:
        say: tells a line of news.
        detail: tells what is of use to few, such as a traceback.
    """

    def __init__(self, say: Tell, detail: Tell):
        self._waiting: Queue[tuple[Tell, str] | None] = Queue(_MOST_LINES)
        self._say, self._detail = say, detail
        self._thread = threading.Thread(target=self._run, name="teller", daemon=True)
        self._thread.start()

    def say(self, line: str) -> None:
        """Tell a line of news; returns at once."""
        self._put((self._say, line))

    def detail(self, text: str) -> None:
        """Tell what is of use to few; returns at once."""
        self._put((self._detail, text))

    def close(self) -> None:
        """Tell what is left, as long as that does not take long."""
        self._put(None)
        self._thread.join(_PATIENCE_S)

    def _put(self, news: tuple[Tell, str] | None) -> None:
        with suppress(Full):
            self._waiting.put_nowait(news)

    def _run(self) -> None:
        while (news := self._waiting.get()) is not None:
            tell, text = news
            with suppress(Exception):  # of any kind
                tell(text)
