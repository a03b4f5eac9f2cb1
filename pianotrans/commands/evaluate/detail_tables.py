"""How what is measured beside the scores looks on standard output."""

from collections.abc import Iterator
from itertools import groupby

from rich.console import Console
from rich.text import Text

from pianotrans.commands.evaluate.cells import NONE, narrow_table, short_percent
from pianotrans.evaluation import Evaluation
from pianotrans.evaluation.circumstances import CIRCUMSTANCES, MatchedShare
from pianotrans.evaluation.tolerances import OFFSET_TOLERANCES_S, ONSET_TOLERANCES_S

_FAST = CIRCUMSTANCES[0].bands[:3]  # below 120 ms


def print_highlights(console: Console, evaluation: Evaluation) -> None:
    """A line each on the pedal, the velocities and fast repetitions, as far as the references have them."""
    for line in _highlights(evaluation):
        console.print(line)


def _highlights(evaluation: Evaluation) -> Iterator[str]:
    if pedalling := evaluation.pedalling():
        shares = {name: f"{100 * share:.1f} %" for name, share in pedalling.shares().items()}
        yield (
            f"Sustain pedal: down {shares['reference_down']} of the time in the reference, "
            f"{shares['estimate_down']} in the estimate; mean absolute error {shares['mean_absolute_error']} "
            "of its way."
        )
    if (velocity := evaluation.velocity()) and velocity.slope is not None:
        yield (
            f"Velocities: {velocity.slope:.2f} times the reference's {velocity.intercept:+.1f}, residual "
            f"{velocity.residual:.1f}; rank correlation {_number(velocity.rank_correlation)}."
        )
    fast = MatchedShare.pooled(
        one.reference
        for one in evaluation.circumstances()
        if (one.circumstance, one.band) in [(CIRCUMSTANCES[0].name, band) for band in _FAST]
    )
    if fast.onset is not None:
        yield (
            f"Strokes within 120 ms of the last on the same key: {fast.n_onset} of {fast.n_notes} found "
            f"({100 * fast.onset:.1f} %)."
        )


def print_details(console: Console, evaluation: Evaluation, seed: int) -> None:
    """Every circumstance, F1 by tolerance, and the figures on pedals, velocities and music."""
    _print_circumstances(console, evaluation)
    _print_tolerances(console, evaluation)
    _print_figures(console, evaluation, seed)


def _print_circumstances(console: Console, evaluation: Evaluation) -> None:
    table = narrow_table("by circumstance, %", ("reference", "R", "R offset", "estimate", "P", "P offset"))
    for name, bands in groupby(evaluation.circumstances(), key=lambda one: one.circumstance):
        known = [one for one in bands if one.reference.n_notes or one.estimate.n_notes]
        if not known:
            continue
        table.add_row(Text(name, "bold"))
        for one in known:
            table.add_row(f"  {one.band}", *_share_cells(one.reference), *_share_cells(one.estimate))
    console.print(table)
    console.print(
        "R: share of the reference's notes that are found, by onset, and by onset and offset; P: share of the "
        "estimate's that are right. Each side's notes are placed by what that side says."
    )


def _print_tolerances(console: Console, evaluation: Evaluation) -> None:
    sweep = evaluation.sweep()
    if sweep is None:
        return
    table = narrow_table("F1 by tolerance, %", ("onset", "", "offset"))
    rows = zip(ONSET_TOLERANCES_S, sweep[0], OFFSET_TOLERANCES_S, sweep[1], strict=True)
    for onset_s, onset_f1, offset_s, offset_f1 in rows:
        table.add_row(
            f"{1000 * onset_s:.0f} ms",
            f"{100 * onset_f1:.2f}",
            f"{1000 * offset_s:.0f} ms",
            f"{100 * offset_f1:.2f}",
        )
    console.print(table)
    console.print("Means over pieces. Offsets: the tolerance alone, without a share of the duration.")


def _print_figures(console: Console, evaluation: Evaluation, seed: int) -> None:
    table = narrow_table("figures", ("mean", "95 %", "pieces"))
    for group, figures in groupby(evaluation.figures(seed=seed), key=lambda one: one.name.split()[0]):
        table.add_row(Text(group, "bold"))
        for one in figures:
            name = one.name.removeprefix(f"{group} ").replace("_", " ")
            interval = f"{one.interval.low:.3f} to {one.interval.high:.3f}" if one.interval else NONE
            table.add_row(f"  {name}", f"{one.mean:.3f}", interval, str(one.n_pieces))
    console.print(table)
    console.print(
        "Means over the pieces that define a figure. Pedal: parts of the time. Velocity: the line from the "
        "reference's to the estimate's, in MIDI steps. Music: correlations of the estimate's curves with the "
        "reference's, after Hu et al. (2024)."
    )


def _share_cells(share: MatchedShare) -> tuple[str, str, str]:
    return str(share.n_notes), short_percent(share.onset), short_percent(share.offset)


def _number(value: float | None) -> str:
    return NONE if value is None else f"{value:.3f}"
