"""What `--degrade` can do, as a table."""

from pianotrans.audio.degradation import KINDS
from pianotrans.commands.console import make_console
from pianotrans.commands.evaluate.cells import NONE, narrow_table
from pianotrans.commands.evaluate.tables import FILE_WIDTH


def print_degradations() -> None:
    """Names, usual levels, the range of levels, and what each is, on standard output."""
    table = narrow_table("name", ("levels", "from", "to", "unit"))
    table.add_column("", overflow="fold")
    for kind in KINDS.values():
        levels = ",".join(f"{level:g}" for level in kind.levels) or NONE
        ends = (f"{kind.lowest:g}", f"{kind.highest:g}") if kind.levels else (NONE, NONE)
        table.add_row(kind.name, levels, *ends, kind.unit or NONE, f" {kind.what}")
    make_console(FILE_WIDTH).print(table)
