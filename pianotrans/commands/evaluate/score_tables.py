"""How measures of scores look on standard output."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import groupby

from rich.console import Console
from rich.text import Text

from pianotrans.commands.console import make_console
from pianotrans.commands.evaluate.cells import NONE, narrow_table
from pianotrans.commands.evaluate.tables import FILE_WIDTH
from pianotrans.evaluation.score import FIGURES, FileComparison, HintKind, Legibility, ScoreEvaluation
from pianotrans.evaluation.texts import n_pieces
from pianotrans.names import shown

_WORST = ("beats", "staff", "position", "mv2h")  # whose worst pieces are listed
_N_WORST = 5
_BY_COMPOSER = ("beats", "downbeats", "cmlt", "key_first", "staff", "spelling", "position", "duration", "mv2h")


def print_scores(evaluation: ScoreEvaluation) -> None:
    """The means for every kind of hints, by composer, the worst pieces, and the signs to read."""
    console = make_console(FILE_WIDTH)
    kinds = list(evaluation.scores)
    console.print(f"mean of {n_pieces(len(evaluation.scores[kinds[0]]))}, %", style="bold")
    _print_means(console, {kind: evaluation.means(kind) for kind in kinds})
    if len(evaluation.composers) > 1:
        _print_composers(console, evaluation, kinds[0])
    _print_legibility(console, evaluation.legibility(kinds[0]))
    _print_worst(console, evaluation, kinds[0])
    for sentence in (
        "Beats are right within 70 ms; the first 5 s do not count.",
        "Notes: shares of those that stand in both scores; positions and durations within 1/24 of a quarter note.",
        *([f"Hints of the tables below the first: {kinds[0]}."] if len(kinds) > 1 else []),
    ):
        console.print(sentence, style="dim")


def print_files(comparison: FileComparison) -> None:
    """MV2H and the signs of two score files."""
    console = make_console(FILE_WIDTH)
    mv2h = comparison.mv2h
    table = narrow_table("MV2H, %", [""])
    parts = asdict(mv2h) | {"mv2h": mv2h.mean}
    for figure in FIGURES:
        if figure.group == "MV2H":
            table.add_row(figure.label, _percent(parts[figure.name]))
    console.print(table)
    found, true = comparison.legibility, comparison.true_legibility
    if found is not None and true is not None:
        names = Legibility.names()
        _print_legibility(console, {name: (getattr(found, name), getattr(true, name)) for name in names})
    console.print("Both scores are taken to be played at one steady tempo, without repeats.", style="dim")


def _print_means(console: Console, columns: Mapping[HintKind, Mapping[str, float | None]]) -> None:
    table = narrow_table("", list(columns) if len(columns) > 1 else [""])
    for group, figures in groupby(FIGURES, key=lambda figure: figure.group):
        table.add_row(Text(group, "bold"))
        for figure in figures:
            table.add_row(f"  {figure.label}", *(_percent(means[figure.name]) for means in columns.values()))
    console.print(table)


def _print_composers(console: Console, evaluation: ScoreEvaluation, kind: HintKind) -> None:
    table = narrow_table("%", ["pieces", *(name.replace("_", " ") for name in _BY_COMPOSER)])
    for composer in evaluation.composers:
        n = sum(one.composer == composer for one in evaluation.scores[kind])
        means = evaluation.means(kind, composer)
        table.add_row(shown(composer), str(n), *(_percent(means[name]) for name in _BY_COMPOSER))
    console.print(table)


def _print_worst(console: Console, evaluation: ScoreEvaluation, kind: HintKind) -> None:
    labels = {figure.name: figure.label if figure.group != "MV2H" else "MV2H" for figure in FIGURES}
    table = narrow_table("lowest", ["%"])
    for name in _WORST:
        rows: Sequence[tuple[str, float]] = evaluation.worst(kind, name, _N_WORST)
        if rows:
            table.add_row(Text(labels[name], "bold"))
        for piece, value in rows:
            table.add_row(f"  {shown(piece)}", _percent(value))
    console.print(table)


def _print_legibility(console: Console, rows: Mapping[str, tuple[float, float]]) -> None:
    if not rows:
        return
    table = narrow_table("signs per bar", ["found", "true"])
    for name, (found, true) in rows.items():
        table.add_row(name, f"{found:.2f}", f"{true:.2f}")
    console.print(table)


def _percent(value: float | None) -> str:
    return NONE if value is None else f"{value * 100:.1f}"
