"""Scores over the levels of every degradation, drawn with matplotlib."""

import io
import math
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from pianotrans.drawing import drawing
from pianotrans.evaluation.collection import Evaluation, summarise
from pianotrans.evaluation.metrics import OFFSET, OFFSET_VELOCITY, ONSET
from pianotrans.evaluation.piece import Column, PieceScores
from pianotrans.evaluation.robustness import RobustnessStep

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = {ONSET: "#3b6ea5", OFFSET: "#d98032", OFFSET_VELOCITY: "#5b8c5a"}
_N_COLUMNS = 4
_PANEL_INCHES = (2.4, 1.9)


def draw_robustness(evaluation: Evaluation) -> bytes:
    """PNG: a curve of F1 over the levels of every degradation, dotted where the recordings are as they were.

    Degradations at one level alone stand side by side in the last panel.
    """
    from matplotlib.figure import Figure

    kinds = [list(steps) for _, steps in groupby(evaluation.robustness, key=lambda step: step.name)]
    curves = [steps for steps in kinds if len(steps) > 1]
    points = [steps[0] for steps in kinds if len(steps) == 1]
    n_panels = len(curves) + bool(points)
    n_columns = min(n_panels, _N_COLUMNS)
    n_rows = math.ceil(n_panels / n_columns)
    width, height = _PANEL_INCHES
    with drawing({"font.size": 8}):
        figure = Figure(figsize=(max(width * n_columns, 4.5), height * n_rows + 0.4), layout="constrained")
        axes = [figure.add_subplot(n_rows, n_columns, i + 1) for i in range(n_panels)]
        for one, steps in zip(axes, curves, strict=False):
            _draw_curve(one, steps, evaluation)
        if points:
            _draw_points(axes[-1], points, evaluation)
        for i, one in enumerate(axes):
            one.spines[["top", "right"]].set_visible(False)
            one.set_ylim(0, 101)
            if i % n_columns == 0:
                one.set_ylabel("F1 (%)")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=100)
    return file.getvalue()


def _draw_curve(axes: "Axes", steps: Sequence[RobustnessStep], evaluation: Evaluation) -> None:
    steps = sorted(steps, key=lambda step: step.level or 0.0)
    levels = [step.level or 0.0 for step in steps]
    _draw_scores(axes, levels, steps, evaluation, "o-")
    axes.set(title=steps[0].name, xlabel=steps[0].unit)


def _draw_points(axes: "Axes", steps: Sequence[RobustnessStep], evaluation: Evaluation) -> None:
    places = [float(i) for i in range(len(steps))]
    _draw_scores(axes, places, steps, evaluation, "o")
    axes.set_xticks(places, [step.label for step in steps], rotation=30, ha="right")
    axes.set_xlim(-0.5, len(steps) - 0.5)


def _draw_scores(
    axes: "Axes", places: Sequence[float], steps: Sequence[RobustnessStep], evaluation: Evaluation, style: str
) -> None:
    group = evaluation.settings.conventions[0].name
    for metric, colour in _COLOURS.items():
        column = Column(group, metric)
        axes.axhline(_f1(evaluation.pieces, column, evaluation), color=colour, linewidth=0.8, linestyle=":")
        f1 = [_f1(step.pieces, column, evaluation) for step in steps]
        axes.plot(places, f1, style, color=colour, markersize=3, linewidth=1, label=metric)


def _f1(pieces: Sequence[PieceScores], column: Column, evaluation: Evaluation) -> float:
    """In %; not a number where the score is not defined, which leaves a gap."""
    (f1,) = [one.f1 for one in summarise(pieces, evaluation.settings) if one.column == column]
    return math.nan if f1 is None else 100 * f1
