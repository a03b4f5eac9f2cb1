"""The shape of tables on standard output, and of what stands in them."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table

NONE = "–"


def narrow_table(first: str, headings: Sequence[str], foldable: Sequence[str] = ()) -> Table:
    """A narrow table; where even that is too wide, the `foldable` columns take two lines a row."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 0), pad_edge=False)
    table.add_column(first, no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=heading not in foldable)
    return table


def short_percent(value: float | None) -> str:
    """A score from 0 to 1 in % with one decimal."""
    return NONE if value is None else f"{value * 100:.1f}"
