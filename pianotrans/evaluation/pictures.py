"""Pictures of an evaluation, drawn with matplotlib."""

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from pianotrans.drawing import drawing
from pianotrans.evaluation.circumstances import CIRCUMSTANCES
from pianotrans.evaluation.collection import Evaluation
from pianotrans.evaluation.deviations import REGISTERS
from pianotrans.evaluation.metrics import OFFSET, ONSET
from pianotrans.evaluation.piece import Column
from pianotrans.evaluation.tolerances import OFFSET_TOLERANCES_S, ONSET_TOLERANCES_S
from pianotrans.names import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PICTURES = ("deviations.png", "circumstances.png", "registers.png", "pieces.png", "reliability.png")

_BLUE, _ORANGE = "#3b6ea5", "#d98032"
_OFFSET_RANGE_S = 0.25
_MOST_PIECES = 60  # shown one by one; of more, the worst


def draw_all(evaluation: Evaluation) -> dict[str, bytes]:
    """PNG pictures by file name; needs at least one piece.

    Deviations with F1 by tolerance, recall and precision by circumstance, F1 by register, F1 of every piece.
    Where estimates have confidences, also how far these can be trusted.
    """
    with drawing():
        return _draw_all(evaluation)


def _draw_all(evaluation: Evaluation) -> dict[str, bytes]:
    n_shown = min(len(evaluation.pieces), _MOST_PIECES)
    pictures = {
        "deviations.png": _draw(lambda axes: _deviations(axes, evaluation), (9.0, 6.6), 2, n_rows=2),
        "circumstances.png": _draw(lambda axes: _circumstances(axes, evaluation), (14.0, 7.4), 4, n_rows=2),
        "registers.png": _draw(lambda axes: _registers(axes[0], evaluation), (6.0, 3.6)),
        "pieces.png": _draw(lambda axes: _pieces(axes[0], evaluation), (8.0, 1.6 + 0.28 * n_shown)),
    }
    if evaluation.reliability():
        pictures["reliability.png"] = _draw(lambda axes: _reliability(axes, evaluation), (9.0, 4.2), 2)
    return pictures


def _draw(
    draw: Callable[[list["Axes"]], None], size_inches: tuple[float, float], n_columns: int = 1, n_rows: int = 1
) -> bytes:
    from matplotlib.figure import Figure

    figure = Figure(figsize=size_inches, layout="constrained")  # no pyplot: no display, nothing global
    axes = [figure.add_subplot(n_rows, n_columns, i + 1) for i in range(n_rows * n_columns)]
    for one in axes:
        one.spines[["top", "right"]].set_visible(False)
    draw(axes)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=120)
    return file.getvalue()


def _deviations(axes: list["Axes"], evaluation: Evaluation) -> None:
    """Histograms of the onsets' and, under each convention, the offsets' deviations; below them F1 by tolerance."""
    onset_range_ms = evaluation.settings.onset_tolerance_s * 1000
    names = [convention.name for convention in evaluation.settings.conventions]
    onsets_s = np.concatenate([piece.matched[names[0]].onset_deviations_s for piece in evaluation.pieces])
    axes[0].hist(onsets_s * 1000, bins=np.linspace(-onset_range_ms, onset_range_ms, 51).tolist(), color=_BLUE)
    axes[0].set(title="Onsets", xlabel="estimate − reference (ms)", ylabel="matched notes")

    for name, colour in zip(names, [_BLUE, _ORANGE], strict=False):
        offsets_s = np.concatenate([piece.matched[name].offset_deviations_s for piece in evaluation.pieces])
        edges = np.linspace(-_OFFSET_RANGE_S, _OFFSET_RANGE_S, 51)
        n_beyond = int((np.abs(offsets_s) > _OFFSET_RANGE_S).sum())
        label = f"durations: {name} ({n_beyond} of {len(offsets_s)} beyond)"
        axes[1].hist(offsets_s * 1000, bins=(edges * 1000).tolist(), histtype="step", color=colour, label=label)
    axes[1].set(title="Offsets", xlabel="estimate − reference (ms)")
    _legend_below(axes[1])
    for one in axes[:2]:
        one.axvline(0, color="black", linewidth=0.6)
    _tolerances(axes[2:], evaluation)


def _tolerances(axes: list["Axes"], evaluation: Evaluation) -> None:
    """Mean onset and offset F1 by tolerance."""
    kinds = (("Onset F1", ONSET_TOLERANCES_S), ("Offset F1, tolerance alone", OFFSET_TOLERANCES_S))
    for one, (title, tolerances_s) in zip(axes, kinds, strict=True):
        one.set(title=title, xlabel="tolerance (ms)", ylim=(0, 101), xlim=(0, 1000 * tolerances_s[-1]))
        one.grid(linewidth=0.3)
    axes[0].set_ylabel("F1 (%)")
    for one, (_, tolerances_s), f1 in zip(axes, kinds, evaluation.sweep() or (), strict=False):
        one.plot(1000 * np.array(tolerances_s), 100 * f1, "o-", color=_BLUE)


def _circumstances(axes: list["Axes"], evaluation: Evaluation) -> None:
    """For each circumstance recall and precision in every band that has notes."""
    bands = evaluation.circumstances()
    for one, place in zip(axes, CIRCUMSTANCES, strict=False):
        same = [band for band in bands if band.circumstance == place.name]
        for label, colour, mark, shares in (
            ("recall, onset", _BLUE, "o-", [band.reference.onset for band in same]),
            ("recall, onset and offset", _BLUE, "o:", [band.reference.offset for band in same]),
            ("precision, onset", _ORANGE, "s-", [band.estimate.onset for band in same]),
            ("precision, onset and offset", _ORANGE, "s:", [band.estimate.offset for band in same]),
        ):
            percents = [np.nan if share is None else 100 * share for share in shares]
            one.plot(range(len(same)), percents, mark, color=colour, label=label, markersize=4)
        names = [f"{band.band}\n({band.reference.n_notes})" for band in same]
        one.set_xticks(range(len(same)), names, rotation=60, fontsize="x-small")
        one.set(title=place.name, ylim=(0, 104))
        one.grid(axis="y", linewidth=0.3)
    for one in axes[len(CIRCUMSTANCES) :]:
        one.set_axis_off()
    axes[0].figure.legend(*axes[0].get_legend_handles_labels(), loc="lower right", frameon=False)
    axes[0].figure.supylabel("% of the notes (in brackets: notes of the reference)", fontsize="small")


def _registers(axes: "Axes", evaluation: Evaluation) -> None:
    """Onset F1 of all notes by register."""
    bands = [band for band in evaluation.bands(evaluation.settings.conventions[0].name) if band.name in REGISTERS]
    bars = axes.bar([band.name for band in bands], [100 * (band.f1 or 0.0) for band in bands], color=_BLUE)
    axes.bar_label(
        bars,
        [f"{100 * band.f1:.1f}\n{band.n_reference} notes" if band.f1 is not None else "no notes" for band in bands],
        padding=2,
    )
    axes.set(title="Onset F1 by register, all notes pooled", ylabel="F1 (%)", ylim=(0, 120))
    axes.set_yticks(range(0, 101, 20))


def _pieces(axes: "Axes", evaluation: Evaluation) -> None:
    """Onset and onset+offset F1 of every piece, worst first."""
    group = evaluation.settings.conventions[0].name
    pieces = [piece for piece in evaluation.pieces if piece.scores[Column(group, ONSET)].is_defined]
    pieces = sorted(pieces, key=lambda piece: piece.scores[Column(group, ONSET)].f1)[:_MOST_PIECES]
    rows = range(len(pieces))
    for metric, colour, mark in ((ONSET, _BLUE, "o"), (OFFSET, _ORANGE, "s")):
        f1 = [100 * piece.scores[Column(group, metric)].f1 for piece in pieces]
        axes.plot(f1, rows, mark, color=colour, label=f"{metric} ({group})")
    axes.set_yticks(rows, [_shortened(shown(piece.name)) for piece in pieces])
    axes.set(xlabel="F1 (%)", xlim=(0, 101), ylim=(max(len(pieces), 1) - 0.5, -0.5))
    axes.grid(axis="y", linewidth=0.3)
    left_out = len(evaluation.pieces) - len(pieces)
    axes.set_title("F1 of every piece" + (f" ({left_out} more not shown)" if left_out else ""))
    _legend_below(axes)


def _reliability(axes: list["Axes"], evaluation: Evaluation) -> None:
    """Share of matched notes by confidence, and precision and recall by the least confidence that is kept."""
    axes[0].plot([0, 1], [0, 1], color="black", linewidth=0.6)
    for one, colour, mark in zip(evaluation.reliability(), (_BLUE, _ORANGE), "os", strict=True):
        label = f"{one.name} (calibration error {100 * one.expected_calibration_error:.1f} %)"
        known = [part for part in one.bins if part.n_events]
        shown = np.array([(part.mean_confidence, part.matched_share) for part in known], np.float64)
        axes[0].plot(*shown.T, f"{mark}-", color=colour, label=label)
    axes[0].set(title="Reliability", xlabel="confidence", ylabel="share of matched notes", aspect="equal")
    axes[0].legend(frameon=False, fontsize="small")
    steps = [one for one in evaluation.thresholds() if one.of == "onset_confidence"]
    for name, colour in (("precision", _BLUE), ("recall", _ORANGE), ("f1", "black")):
        shares = [100 * one.scores()[name] for one in steps]
        axes[1].plot([one.level for one in steps], shares, color=colour, label=name)
    axes[1].set(title="Onsets, if doubtful ones are dropped", xlabel="least onset confidence", ylabel="%")
    axes[1].legend(frameon=False, fontsize="small")


def _legend_below(axes: "Axes") -> None:
    axes.figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)


def _shortened(name: str) -> str:
    return name if len(name) <= 40 else f"…{name[-39:]}".replace("$", r"\$")
