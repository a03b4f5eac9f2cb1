"""How a comparison of systems looks on standard output."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from string import ascii_uppercase

from rich.text import Text

from pianotrans.commands.console import make_console
from pianotrans.commands.evaluate.cells import NONE, narrow_table
from pianotrans.commands.evaluate.tables import FILE_WIDTH
from pianotrans.evaluation import SavedEvaluation, SystemMean
from pianotrans.evaluation.bootstrap import N_RESAMPLES
from pianotrans.names import shown


def print_comparison(
    systems: Sequence[SavedEvaluation], means: Iterable[SystemMean], seed: int, *, detail: bool = False
) -> None:
    """For every column a row for each system: its mean, and its difference to the first; `detail`: not F1 alone."""
    console = make_console(FILE_WIDTH)
    for i, system in enumerate(systems):
        console.print(f"{_letter(i)}  {shown(system.name)}")
    table = narrow_table("F1 in %", ("pieces", "mean", "95 %", "− A", "95 %", "p"))
    kept = [one for one in means if detail or one.is_f1]
    for column, of_systems in groupby(kept, key=lambda one: one.column):
        table.add_row(Text(column.replace("_", " "), "bold"))
        for one in of_systems:
            table.add_row(f"  {_letter(one.system)}", *_cells(one))
    console.print(table)
    settings = next((one.settings for one in systems if one.settings), None)
    notes = list(settings.describe()) if settings else []
    if any(one.settings is None for one in systems):
        notes.append("What a csv holds was computed elsewhere, perhaps with other tolerances.")
    notes.append(
        f"Means over pieces. 95 %: bootstrap over pieces of the mean, and of the mean difference; p: paired "
        f"sign-flip test, two-sided; {N_RESAMPLES} resamples (all signs up to 14 pieces), seed {seed}. "
        "p is for one column alone: of twenty, one falls below 0.05 by chance."
    )
    for sentence in notes:
        console.print(sentence, style="dim")


def _letter(i: int) -> str:
    return ascii_uppercase[i] if i < len(ascii_uppercase) else f"#{i + 1}"


def _cells(one: SystemMean) -> tuple[str, ...]:
    """In % for F1, in its own unit for a figure."""
    scale, digits = (100, 2) if one.is_f1 else (1, 3)
    mean = f"{scale * one.mean:.{digits}f}"
    interval = NONE
    if one.interval:
        low, high = (f"{scale * value:.{digits - 1}f}" for value in one.interval)
        interval = f"{low}–{high}" if not low.startswith("-") else f"{low} to {high}"
    change = one.difference
    if change is None:
        return str(one.n_pieces), mean, interval, "", "", ""
    bounds = NONE
    if change.interval:
        bounds = " to ".join(f"{scale * value:+.{digits}f}" for value in change.interval)
    return str(one.n_pieces), mean, interval, f"{scale * change.difference:+.{digits}f}", bounds, f"{change.p:.4f}"
