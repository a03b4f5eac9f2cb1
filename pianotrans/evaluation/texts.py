"""An evaluation as text: tables for spreadsheets, and a summary to paste."""

from collections.abc import Iterable, Sequence

from pianotrans.evaluation.bootstrap import N_RESAMPLES, SEED, Interval
from pianotrans.evaluation.collection import ColumnSummary, Evaluation, summarise
from pianotrans.evaluation.metrics import ACTIVATION, OFFSET, OFFSET_VELOCITY, ONSET, ONSET_VELOCITY
from pianotrans.evaluation.mistakes import NoteSpan
from pianotrans.evaluation.piece import Column, columns
from pianotrans.evaluation.robustness import RobustnessStep
from pianotrans.evaluation.tolerances import OFFSET_TOLERANCES_S, ONSET_TOLERANCES_S
from pianotrans.events import SUSTAIN
from pianotrans.names import csv_text, shown

_NONE = "–"
_SHORT = {
    "onset": ONSET,
    "+velocity": ONSET_VELOCITY,
    "+offset": OFFSET,
    "+both": OFFSET_VELOCITY,
    "activation": ACTIVATION,
}


def pieces_csv(evaluation: Evaluation) -> str:
    """A row for each piece: precision, recall, F1 and overlap of every column, and its figures.

    What is not defined is empty.
    """
    figures = [piece.details.figures() for piece in evaluation.pieces]
    names = list(dict.fromkeys(name for one in figures for name in one))
    header = ["piece", "n_reference", "n_estimate", "removed_offset_s"]
    parts = ("precision", "recall", "f1", "overlap_ratio")
    header += [f"{column.name} {part}" for column in columns(evaluation.settings) for part in parts]
    header += names
    rows = []
    for piece, of_piece in zip(evaluation.pieces, figures, strict=True):
        row: list[object] = [piece.name, piece.n_reference, piece.n_estimate, f"{piece.removed_offset_s:.6f}"]
        for column in columns(evaluation.settings):
            score = piece.scores[column]
            values = [getattr(score, part) if score.is_defined else None for part in parts]
            row += [_decimals(value) for value in values]
        rows.append(row + [_decimals(of_piece.get(name)) for name in names])
    return csv_text(header, rows)


def circumstances_csv(evaluation: Evaluation) -> str:
    """A row for each band of each circumstance: notes of all pieces, recall and precision."""
    bands = [one.to_dict() for one in evaluation.circumstances()]
    rows = [[_decimals(value) if not isinstance(value, str) else value for value in one.values()] for one in bands]
    return csv_text(list(bands[0]), rows)


def tolerances_csv(evaluation: Evaluation) -> str:
    """A row for each tolerance of onsets and of offsets, with the mean F1; none without notes."""
    sweep = evaluation.sweep()
    kinds = (("onset", ONSET_TOLERANCES_S), ("offset", OFFSET_TOLERANCES_S))
    rows = [
        [kind, f"{tolerance_s:g}", _decimals(value)]
        for (kind, tolerances_s), f1 in zip(kinds, sweep or (), strict=False)
        for tolerance_s, value in zip(tolerances_s, f1.tolist(), strict=True)
    ]
    return csv_text(["kind", "tolerance_s", "f1"], rows)


def errors_csv(evaluation: Evaluation) -> str:
    """A row for each unmatched note of either side, and the note of the other side that explains it, if any."""
    header = ["piece", "kind", "side", "key", "onset_s", "offset_s", "velocity"]
    header += ["other_key", "other_onset_s", "other_offset_s", "other_velocity"]
    rows = [
        [
            piece.name,
            one.kind,
            "reference" if one.is_reference else "estimate",
            *_span_cells(one.note),
            *(_span_cells(one.other) if one.other else [""] * 4),
        ]
        for piece in evaluation.pieces
        for one in piece.mistakes
    ]
    return csv_text(header, rows)


def summary_markdown(evaluation: Evaluation, *, n_resamples: int = N_RESAMPLES, seed: int = SEED) -> str:
    """The table of all columns, with the conventions under which it was made."""
    lines = [f"Mean over {n_pieces(len(evaluation.pieces))}, in %.", ""]
    lines += _markdown(
        ["", "P", "R", "F1", "95 %", "overlap", "pooled", "pieces"],
        [
            [one.column.name, *summary_cells(one)]
            for one in evaluation.summary(n_resamples=n_resamples, seed=seed)
            if one.n_pieces
        ],
    )
    if evaluation.sanity:
        lines += [
            "",
            "What trivial transcriptions would score: F1 in %.",
            "",
            *_markdown(*sanity_table(evaluation)),
        ]
    if evaluation.robustness:
        lines += ["", "Degraded recordings: means in %.", "", *_markdown(*robustness_table(evaluation))]
    lines += ["", *notes_on(evaluation, n_resamples=n_resamples, seed=seed)]
    remarks = [f"* {failure.name}: not scored. {failure.reason}" for failure in evaluation.failures]
    remarks += [f"* {name}: a reference without an estimate." for name in evaluation.reference_only]
    remarks += [f"* {name}: an estimate without a reference." for name in evaluation.estimate_only]
    remarks += [f"* {one}." for one in first_few(evaluation.incomplete)]
    remarks += [f"* {warning}" for warning in evaluation.warnings]
    return "\n".join([*lines, *map(shown, remarks)]) + "\n"


def robustness_csv(evaluation: Evaluation) -> str:
    """A row for the clean recordings and each degradation; the means of every column, empty where not defined."""
    parts = ("precision", "recall", "f1")
    header = ["degradation", "level", "unit", "n_pieces"]
    header += [f"{column.name} {part}" for column in columns(evaluation.settings) for part in parts]
    rows = []
    for step in (_clean(evaluation), *evaluation.robustness):
        row: list[object] = [
            step.name,
            "" if step.level is None else f"{step.level:g}",
            step.unit,
            len(step.pieces),
        ]
        for one in summarise(step.pieces, evaluation.settings):
            values = [getattr(one, part) for part in parts]
            row += ["" if value is None else f"{value:.6f}" for value in values]
        rows.append(row)
    return csv_text(header, rows)


def sanity_table(evaluation: Evaluation) -> tuple[list[str], list[list[str]]]:
    """Headings and rows: F1 of trivial transcriptions. Columns that are not defined are left out."""
    group = evaluation.settings.conventions[0].name
    chosen = [
        *((heading, Column(group, metric)) for heading, metric in _SHORT.items()),
        *((f"+offset, {one.name}", Column(one.name, OFFSET)) for one in evaluation.settings.conventions[1:]),
        ("pedal", Column(f"{SUSTAIN} pedal", ONSET)),
    ]
    rows = [
        (row.name, {one.column: one.f1 for one in summarise(row.pieces, evaluation.settings)})
        for row in evaluation.sanity
    ]
    chosen = [(heading, column) for heading, column in chosen if any(f1[column] is not None for _, f1 in rows)]
    cells = [[name, *(percent(f1[column]) for _, column in chosen)] for name, f1 in rows]
    return ["F1", *(heading for heading, _ in chosen)], cells


def robustness_table(evaluation: Evaluation) -> tuple[list[str], list[list[str]]]:
    """Headings and rows: the clean recordings, then every degradation. The durations are the first convention's."""
    group = evaluation.settings.conventions[0].name
    rows = []
    for step in (_clean(evaluation), *evaluation.robustness):
        found = {one.column: one for one in summarise(step.pieces, evaluation.settings)}
        onset = found[Column(group, ONSET)]
        others = [found[Column(group, metric)].f1 for metric in (OFFSET, OFFSET_VELOCITY)]
        others.append(found[Column(f"{SUSTAIN} pedal", ACTIVATION)].f1)
        values = (onset.precision, onset.recall, onset.f1, *others)
        rows.append([step.label, *map(percent, values), str(len(step.pieces))])
    return ["", "onset P", "R", "F1", "+offset", "+both", "pedal down", "pieces"], rows


def _clean(evaluation: Evaluation) -> RobustnessStep:
    return RobustnessStep("as recorded", None, "", evaluation.pieces)


def notes_on(evaluation: Evaluation, *, n_resamples: int = N_RESAMPLES, seed: int = SEED) -> list[str]:
    """What belongs beside a table of scores, one item a line."""
    said = [evaluation.provenance.describe()] if evaluation.provenance else []
    said += evaluation.settings.describe()
    said.append(
        f"Activation: seconds of held keys, exactly; frame: the same on a grid of "
        f"{evaluation.settings.frame_hop_s * 1000:g} ms. Overlap: mean overlap ratio of matched events."
    )
    if evaluation.sanity:
        said.append(
            "Trivial transcriptions are the reference in all but what their names say. Offsets at next onset: "
            "every note ends where the next note of any key begins, if that is more than 50 ms later."
        )
    if evaluation.robustness:
        said.append(
            "Degraded recordings: signal-to-noise ratios are over the whole recording. Times of the reference move "
            "with a changed speed. Pedal down: F1 of the seconds in which the sustain pedal is down."
        )
    if len(evaluation.pieces) > 1:
        said.append(
            f"95 %: percentile bootstrap over pieces, {n_resamples} resamples, seed {seed}. "
            "Pieces whose reference has no events of a kind do not count there. "
            "Pooled: F1 of the notes of all pieces together."
        )
    return [f"* {sentence}" for sentence in said]


def summary_cells(one: ColumnSummary) -> list[str]:
    """P, R, F1, interval, overlap, pooled F1 and the number of pieces, as tables show them."""
    pooled = one.pooled.f1 if one.pooled else None
    return [
        percent(one.precision),
        percent(one.recall),
        percent(one.f1),
        span(one.f1_interval),
        percent(one.overlap_ratio),
        percent(pooled),
        str(one.n_pieces),
    ]


def percent(value: float | None) -> str:
    """A score from 0 to 1 in % with two decimals."""
    return _NONE if value is None else f"{value * 100:.2f}"


def span(interval: Interval | None) -> str:
    """An interval of scores in % with one decimal."""
    return _NONE if interval is None else f"{interval.low * 100:.1f}–{interval.high * 100:.1f}"


def n_pieces(n: int) -> str:
    """1 piece, 2 pieces."""
    return "1 piece" if n == 1 else f"{n} pieces"


def first_few(lines: Sequence[str], most: int = 10) -> list[str]:
    """The lines, or if there are many the first of them and how many more there are."""
    if len(lines) <= most:
        return list(lines)
    return [*lines[:most], f"and {len(lines) - most} more (--json and summary.json have all)"]


def _decimals(value: float | None) -> str:
    """A number with six decimals if it has any."""
    return "" if value is None else str(value) if isinstance(value, int) else f"{value:.6f}"


def _span_cells(span: NoteSpan) -> list[object]:
    return [span.key, f"{span.onset_s:.6f}", f"{span.offset_s:.6f}", span.velocity]


def _markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    ruler = "|---|" + "---:|" * (len(header) - 1)
    return [f"| {' | '.join(header)} |", ruler, *(f"| {' | '.join(row)} |" for row in rows)]
