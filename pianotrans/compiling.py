"""Functions compiled by numba, and kept compiled on disk wherever there is a place for that."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal

import numba
from numba.core.caching import FunctionCache


def compiled(
    *, fastmath: set[str] | bool = False, error_model: Literal["python", "numpy"] = "python"
) -> Callable[[Callable[..., Any]], Any]:
    """A decorator: compile a function when it is first called, without the interpreter's lock.

    With numpy's error model a division by zero gives infinity: loops that divide are vectorised only then.

    The result is kept beside the source, or in the user's cache folder. Where neither can be written, or what lies
    there is damaged, the function is compiled in memory, which takes a few seconds in every process.
    """

    def compile_lazily(function: Callable[..., Any]) -> Any:
        dispatcher = numba.njit(nogil=True, fastmath=fastmath, error_model=error_model)(function)
        with suppress(RuntimeError):  # no place to write
            cache = _ForgivingCache(function)  # type: ignore[no-untyped-call]
            dispatcher._cache = cache  # type: ignore[attr-defined]  # as `cache=True` does, with another class
        return dispatcher

    return compile_lazily


class _ForgivingCache(FunctionCache):
    """A cache that may be damaged or full: neither stops the work, whatever numba raises then."""

    def load_overload(self, *arguments: Any) -> Any:
        """The compiled function, or None."""
        try:
            return super().load_overload(*arguments)  # type: ignore[no-untyped-call]
        except Exception:
            with suppress(OSError):
                self.flush()  # type: ignore[no-untyped-call]  # the damaged index is read before anything is kept
            return None

    def save_overload(self, *arguments: Any) -> None:
        """Keep a compiled function if possible."""
        with suppress(Exception):
            super().save_overload(*arguments)  # type: ignore[no-untyped-call]
