"""An evaluation as text: tables for spreadsheets, and a summary to paste."""

from collections.abc import Iterable, Sequence

from pianotrans.evaluation.bootstrap import N_RESAMPLES, SEED, Interval
from pianotrans.evaluation.collection import ColumnSummary, Evaluation
from pianotrans.evaluation.mistakes import NoteSpan
from pianotrans.evaluation.piece import columns
from pianotrans.evaluation.tolerances import OFFSET_TOLERANCES_S, ONSET_TOLERANCES_S
from pianotrans.names import csv_text, shown

_NONE = "–"


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
    lines += ["", *notes_on(evaluation, n_resamples=n_resamples, seed=seed)]
    remarks = [f"* {failure.name}: not scored. {failure.reason}" for failure in evaluation.failures]
    remarks += [f"* {name}: a reference without an estimate." for name in evaluation.reference_only]
    remarks += [f"* {name}: an estimate without a reference." for name in evaluation.estimate_only]
    remarks += [f"* {one}." for one in first_few(evaluation.incomplete)]
    remarks += [f"* {warning}" for warning in evaluation.warnings]
    return "\n".join([*lines, *map(shown, remarks)]) + "\n"


def notes_on(evaluation: Evaluation, *, n_resamples: int = N_RESAMPLES, seed: int = SEED) -> list[str]:
    """What belongs beside a table of scores, one item a line."""
    said = [evaluation.provenance.describe()] if evaluation.provenance else []
    said += evaluation.settings.describe()
    said.append(
        f"Activation: seconds of held keys, exactly; frame: the same on a grid of "
        f"{evaluation.settings.frame_hop_s * 1000:g} ms. Overlap: mean overlap ratio of matched events."
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
