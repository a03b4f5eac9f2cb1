"""How scores look on standard output."""

from collections.abc import Sequence
from itertools import groupby

from rich.console import Console
from rich.text import Text

from pianotrans.commands.console import make_console
from pianotrans.commands.evaluate.cells import NONE, narrow_table, short_percent
from pianotrans.commands.evaluate.detail_tables import print_details, print_highlights
from pianotrans.evaluation import Evaluation
from pianotrans.evaluation.collection import ColumnSummary
from pianotrans.evaluation.deviations import Band, Spread
from pianotrans.evaluation.reliability import KINDS, Bin, Kind, Threshold
from pianotrans.evaluation.texts import (
    n_pieces,
    notes_on,
    percent,
    robustness_table,
    sanity_table,
    summary_cells,
)
from pianotrans.names import shown

FILE_WIDTH = 100  # where standard output is no terminal


def print_evaluation(evaluation: Evaluation, seed: int, *, detail: bool = False) -> None:
    """The scores, the deviations, the mistakes, and the conventions they rest on; with `detail` all tables."""
    console = make_console(FILE_WIDTH)
    _print_scores(console, evaluation, evaluation.summary(seed=seed))
    if evaluation.sanity:
        _print_rows(console, *sanity_table(evaluation), "trivial transcriptions, %")
    if evaluation.robustness:
        _print_rows(console, *robustness_table(evaluation), "degraded recordings, %")
    _print_bands(console, evaluation)
    _print_mistakes(console, evaluation)
    print_highlights(console, evaluation)
    if detail:
        print_details(console, evaluation, seed)
    for kind in KINDS:
        if evaluation.reliability(kind):
            _print_reliability(console, evaluation, kind)
    if evaluation.settings.align:
        _print_offsets(console, evaluation)
    for note in notes_on(evaluation, seed=seed):
        console.print(note.removeprefix("* "), style="dim")


def _print_scores(console: Console, evaluation: Evaluation, summary: Sequence[ColumnSummary]) -> None:
    is_one = len(evaluation.pieces) == 1
    title = evaluation.pieces[0].name if is_one else f"mean of {n_pieces(len(evaluation.pieces))}, %"
    headings = ("P", "R", "F1", "95 %", "overlap", "pooled", "pieces")
    kept = (0, 1, 2, 4) if is_one else tuple(range(len(headings)))
    table = narrow_table("", [headings[i] for i in kept])
    absent = []
    for group, rows in groupby(summary, key=lambda one: one.column.group):
        defined = [one for one in rows if one.n_pieces]
        if not defined:
            absent.append(group)
            continue
        table.add_row(Text(group if "pedal" in group else f"notes, {group}", "bold"))
        for one in defined:
            cells = summary_cells(one)
            table.add_row(f"  {one.column.metric}", *(cells[i] for i in kept))
    console.print(shown(title), style="bold")
    console.print(table)
    for group in absent:
        console.print(f"No {group if 'pedal' in group else f'notes ({group})'} in any reference: not scored.")


def _print_rows(console: Console, headings: Sequence[str], rows: Sequence[Sequence[str]], title: str) -> None:
    table = narrow_table("", headings[1:], foldable=headings[1:])
    for row in rows:
        table.add_row(*row)
    console.print(title, style="bold")
    console.print(table)


def _print_bands(console: Console, evaluation: Evaluation) -> None:
    convention = evaluation.settings.conventions[0].name
    headings = ("notes", "R", "F1", "onset ms", "95 %", "offset ms", "95 %", "vel.")
    table = narrow_table("deviations", headings, foldable=("onset ms", "offset ms"))
    for band in evaluation.bands(convention):
        table.add_row(band.name, *_band_cells(band))
    console.print(table)


def _band_cells(band: Band) -> list[str]:
    cells = [str(band.n_reference), short_percent(band.recall), short_percent(band.f1)]
    for spread_s in (band.onset_s, band.offset_s):
        cells += _milliseconds(spread_s)
    return [*cells, f"{band.velocity.median:+.0f}" if band.velocity else NONE]


def _milliseconds(spread_s: Spread | None) -> tuple[str, str]:
    """The median with the quartiles, and the bound of 95 % of the absolute deviations."""
    if spread_s is None:
        return NONE, NONE
    median, lower, upper, most = (
        str(round(value * 1000))
        for value in (spread_s.median, spread_s.lower_quartile, spread_s.upper_quartile, spread_s.absolute_95)
    )
    return f"{median} ({lower}, {upper})", most


def _print_mistakes(console: Console, evaluation: Evaluation) -> None:
    counts = evaluation.mistakes()
    console.print(
        "Deviations are estimate minus reference: median (quartiles), and what 95 % do not exceed either way; "
        f"of velocities, in MIDI steps, the median. Durations: {evaluation.settings.conventions[0].name}. "
        f"Notes not matched by onset: {counts['missed']} missed, {counts['extra']} extra, "
        f"{counts['octave']} octave errors, {counts['split']} split, {counts['merged']} merged."
    )


def _print_reliability(console: Console, evaluation: Evaluation, kind: Kind) -> None:
    """By confidence: how many events, and how many of them are right; then what dropping the doubtful ones does."""
    by_onset, by_both = evaluation.reliability(kind)
    table = narrow_table(f"{kind}, confidence", ("whole", "mean", "matched", "", "onset", "mean", "matched"))
    for one, other in zip(by_both.bins, by_onset.bins, strict=True):
        table.add_row(f"{one.low:.1f}–{one.high:.1f}", *_bin_cells(one), "", *_bin_cells(other))
    console.print(table)
    console.print(
        f"Expected calibration error: {100 * by_both.expected_calibration_error:.1f} % of the confidence (matched: "
        f"onset and offset), {100 * by_onset.expected_calibration_error:.1f} % of the onset's (matched: onset)."
    )
    table = narrow_table(f"{kind}, at least", ("whole", "P", "R", "F1", "", "onset", "P", "R", "F1"))
    steps = evaluation.thresholds(kind)
    half = len(steps) // 2
    for by_note, by_start in zip(steps[:half], steps[half:], strict=True):
        table.add_row(f"{by_note.level:.2f}", *_threshold_cells(by_note), "", *_threshold_cells(by_start))
    console.print(table)
    console.print("Onsets, all pieces pooled, without what is of less confidence; matched as they were with it.")


def _threshold_cells(step: Threshold) -> list[str]:
    return [str(step.n_kept), *(percent(step.scores()[name]) for name in ("precision", "recall", "f1"))]


def _bin_cells(part: Bin) -> tuple[str, str, str]:
    return str(part.n_events), short_percent(part.mean_confidence), short_percent(part.matched_share)


def _print_offsets(console: Console, evaluation: Evaluation) -> None:
    table = narrow_table("offset removed from the estimate", ("ms",))
    for piece in evaluation.pieces:
        table.add_row(shown(piece.name), f"{piece.removed_offset_s * 1000:+.1f}")
    console.print(table)
