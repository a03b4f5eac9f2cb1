"""What a call costs, counted instead of timed: the same on every machine, however busy it is."""

import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType
from typing import Any


def n_instructions(call: Callable[[], object]) -> int:
    """How many instructions of Python a call executes; what libraries do in C does not count."""
    n = 0

    def count(frame: FrameType, event: str, _: object) -> Callable[..., Any]:
        nonlocal n
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        n += event == "opcode"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        call()
    finally:
        sys.settrace(before)
    return n


def peak_bytes(call: Callable[[], object]) -> int:
    """The most memory that a call holds at once, NumPy's arrays included."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
