"""A performance as a picture of a piano roll, drawn with matplotlib."""

import io
from typing import TYPE_CHECKING

from pianotrans.drawing import drawing
from pianotrans.events import CONTROLLERS, Note, Performance
from pianotrans.names import shown as visible
from pianotrans.piano import HIGHEST_KEY, LOWEST_KEY, N_KEYS, PedalKind
from pianotrans.views.colours import Paint, by_outcome, by_velocity, confidence_of, palette, velocity_colours
from pianotrans.views.comparison import Comparison
from pianotrans.views.roll_layout import RollLayout, clock_label, lay_out
from pianotrans.views.spectrum import BANDS_PER_KEY, KeySpectrum

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

PICTURE_FORMATS = ("png", "svg", "pdf")

_SETTINGS = {"font.size": 9, "svg.hashsalt": "pianotrans", "axes.linewidth": 0.6, "svg.fonttype": "path"}

_WIDTH_INCHES = 14.0
_ROLL_INCHES = 2.6
_TALL_ROLL_INCHES = 4.0  # on a page with one or two rows
_LANE_INCHES = 0.26
_HEAD_INCHES = 0.9
_DPI = 150
_SHORTEST_INCHES = 0.012  # notes are at least this wide: in half an hour of music they must still be seen
_FOUND_INCHES = 0.04  # the same for notes that stand out
_SPARSE_ROW_S = 60  # in longer rows notes lie too close together for edges, and the ground has to be paler
_EDGE = 0.55  # brightness of an edge, as part of that of its note
_BLACK_KEYS = {1, 3, 6, 8, 10}
_GREY, _FAINT, _LINE = "#555555", "#f3f3f5", "#d4d4da"


def draw_roll(
    performance: Performance,
    picture_format: str = "png",
    *,
    title: str = "",
    spectrum: KeySpectrum | None = None,
    comparison: Comparison | None = None,
    start_s: float = 0.0,
    end_s: float | None = None,
) -> bytes:
    """The content of a picture in one of the `PICTURE_FORMATS`: rows of time with the pedals below each.

    Colour shows velocity or, with a comparison, whether a note is matched, missed or extra; opacity shows the
    confidence of the onset. The spectrum, if given, is the background. The picture shows the time between `start_s`
    and `end_s`, which must be later; without `end_s` it goes to the end.
    """
    with drawing(_SETTINGS):
        return _draw(performance, picture_format, title, spectrum, comparison, start_s, end_s)


def _draw(
    performance: Performance,
    picture_format: str,
    title: str,
    spectrum: KeySpectrum | None,
    comparison: Comparison | None,
    start_s: float,
    end_s: float | None,
) -> bytes:
    from matplotlib.figure import Figure

    end_s = max(performance.end_s, start_s + 1.0) if end_s is None else end_s
    paint = by_velocity(performance.notes) if comparison is None else by_outcome(comparison)
    shown = paint.between(start_s, end_s)
    layout = lay_out(shown.notes, start_s, end_s)
    lanes = [kind for kind in CONTROLLERS if performance.pedals_of(kind)]
    roll_inches = _TALL_ROLL_INCHES if len(layout.starts_s) <= 2 else _ROLL_INCHES
    figure = Figure(figsize=(_WIDTH_INCHES, _height(layout, len(lanes), roll_inches)), facecolor="white")
    rolls = _add_axes(figure, layout, len(lanes), roll_inches)
    for (roll, lane), row_start_s in zip(rolls, layout.starts_s, strict=True):
        row_end_s = min(row_start_s + layout.row_s, end_s)
        _draw_ground(roll, layout, spectrum, row_start_s, row_end_s)
        _draw_notes(roll, shown.between(row_start_s, row_end_s), layout)
        if lane is not None:
            _draw_pedals(lane, performance, lanes, row_end_s)
        _draw_scales(roll, lane, layout, (row_start_s, row_end_s))
    _draw_head(figure, title, paint, shown.notes)
    file = io.BytesIO()
    metadata = {"Date": None} if picture_format == "svg" else {}
    if picture_format == "pdf":
        metadata = {"CreationDate": None}
    figure.savefig(file, format=picture_format, dpi=_DPI, metadata=metadata)
    return file.getvalue()


def _height(layout: RollLayout, n_lanes: int, roll_inches: float) -> float:
    return _HEAD_INCHES + len(layout.starts_s) * (roll_inches + n_lanes * _LANE_INCHES + 0.45)


def _add_axes(
    figure: "Figure", layout: RollLayout, n_lanes: int, roll_inches: float
) -> list[tuple["Axes", "Axes | None"]]:
    """The roll of every row and the lanes of its pedals, from the top of the page down."""
    width, height = figure.get_size_inches()
    left, right = 0.55 / width, 1 - 0.3 / width
    made: list[tuple[Axes, Axes | None]] = []
    top = height - _HEAD_INCHES
    for _ in layout.starts_s:
        top -= roll_inches
        roll = figure.add_axes((left, top / height, right - left, roll_inches / height))
        lane = None
        if n_lanes:
            top -= n_lanes * _LANE_INCHES + 0.04
            lane = figure.add_axes((left, top / height, right - left, n_lanes * _LANE_INCHES / height))
        made.append((roll, lane))
        top -= 0.41
    return made


def _draw_ground(
    axes: "Axes", layout: RollLayout, spectrum: KeySpectrum | None, start_s: float, end_s: float
) -> None:
    """The spectrum, or else a stripe for each black key; and a line below every C."""
    from matplotlib.collections import PolyCollection

    if spectrum is not None:
        levels, first_s, last_s = spectrum.between(start_s, end_s)
        if levels.shape[1]:
            low, high = LOWEST_KEY - 0.5, HIGHEST_KEY + 0.5
            assert levels.shape[0] == N_KEYS * BANDS_PER_KEY
            image = axes.imshow(
                levels.astype("float32") ** 2,
                extent=(first_s, last_s, low, high),
                origin="lower",
                aspect="auto",
                cmap="Greys",
                vmin=0,
                vmax=1.7 if layout.row_s <= _SPARSE_ROW_S else 2.6,  # no darker than a middle grey: notes stand out
                interpolation="bilinear",
            )
            image.set_clip_path(_rectangle(axes, start_s, end_s, layout))
    else:
        black = [key for key in range(layout.lowest, layout.highest + 1) if key % 12 in _BLACK_KEYS]
        stripes = [_box(start_s, end_s, key - 0.5, key + 0.5) for key in black]
        axes.add_collection(PolyCollection(stripes, facecolors=_FAINT, edgecolors="none"))
    for key in range(layout.lowest, layout.highest + 1):
        if key % 12 == 0:
            axes.hlines(key - 0.5, start_s, end_s, color=_LINE, linewidth=0.6, zorder=1.5)


def _rectangle(axes: "Axes", start_s: float, end_s: float, layout: RollLayout) -> "Rectangle":
    from matplotlib.patches import Rectangle

    height = layout.highest - layout.lowest + 1
    return Rectangle((start_s, layout.lowest - 0.5), end_s - start_s, height, transform=axes.transData)


def _box(left: float, right: float, bottom: float, top: float) -> list[tuple[float, float]]:
    return [(left, bottom), (left, top), (right, top), (right, bottom)]


def _draw_notes(axes: "Axes", paint: Paint, layout: RollLayout) -> None:
    """A bar for each note. Where there is room it has a darker edge, which keeps repeated notes apart."""
    from matplotlib.collections import PolyCollection

    has_room = layout.row_s <= _SPARSE_ROW_S
    edge_points, thickness = (0.5, 0.84) if has_room else (0.0, 1.2)
    bars, edges = [], []
    for mark in paint.marks:
        shortest_s = (_FOUND_INCHES if mark.stands_out else _SHORTEST_INCHES) / _WIDTH_INCHES * layout.row_s
        note, half = mark.note, thickness / 2 * (1.3 if mark.stands_out else 1.0)
        end_s = max(note.offset_s, note.onset_s + shortest_s)
        bars.append(_box(note.onset_s, end_s, note.key - half, note.key + half))
        red, green, blue, opacity = mark.colour
        edges.append((red * _EDGE, green * _EDGE, blue * _EDGE, opacity))
    colours = [mark.colour for mark in paint.marks]
    axes.add_collection(
        PolyCollection(bars, facecolors=colours, edgecolors=edges, linewidths=edge_points, zorder=2)
    )


def _draw_pedals(axes: "Axes", performance: Performance, lanes: list[PedalKind], end_s: float) -> None:
    from matplotlib.collections import PolyCollection

    for row, kind in enumerate(lanes):
        spans = [pedal for pedal in performance.pedals if pedal.kind == kind and pedal.onset_s < end_s]
        bars = [_box(pedal.onset_s, min(pedal.offset_s, end_s), row + 0.2, row + 0.8) for pedal in spans]
        axes.add_collection(PolyCollection(bars, facecolors=palette()[f"pedal-{kind}"], edgecolors="none"))
    axes.set_ylim(len(lanes), 0)
    axes.set_yticks([row + 0.5 for row in range(len(lanes))], lanes, fontsize=7)
    axes.tick_params(axis="y", length=0, colors=_GREY)


def _draw_scales(roll: "Axes", lane: "Axes | None", layout: RollLayout, row_s: tuple[float, float]) -> None:
    """Key names at the left, times below."""
    start_s, end_s = row_s
    for axes in (roll, lane):
        if axes is not None:
            axes.set_xlim(start_s, start_s + layout.row_s)
            axes.spines[["top", "right", "left"]].set_visible(False)
            axes.spines["bottom"].set_color(_LINE)
    roll.set_ylim(layout.lowest - 0.5, layout.highest + 0.5)
    octaves = [key for key in range(layout.lowest, layout.highest + 1) if key % 12 == 0]
    roll.set_yticks(octaves, [f"C{key // 12 - 1}" for key in octaves])
    roll.tick_params(axis="y", length=0, colors=_GREY)
    first = int(-(-start_s // layout.tick_s))
    times_s = [i * layout.tick_s for i in range(first, int(end_s / layout.tick_s + 1e-9) + 1)]
    for axes in (roll, lane):
        if axes is not None:
            axes.set_xticks(times_s, [])
            axes.tick_params(axis="x", length=0)
            axes.grid(axis="x", color=_LINE, linewidth=0.4)
            axes.set_axisbelow(True)
    below = lane or roll
    below.set_xticks(times_s, [clock_label(time_s) for time_s in times_s])
    below.tick_params(axis="x", length=0, colors=_GREY, pad=3)


def _draw_head(figure: "Figure", title: str, paint: Paint, shown: tuple[Note, ...]) -> None:
    """The title and the legend of the colours, at the top."""
    width, height = figure.get_size_inches()
    line = 1 - 0.36 / height
    left = 0.55 / width
    figure.text(left, line, visible(title), fontsize=13, fontweight="bold", va="center", wrap=False)
    unsure = any(confidence_of(note) < 1 for note in shown)
    facts = f"{len(shown)} note{'' if len(shown) == 1 else 's'}" + (" (fainter: less certain)" if unsure else "")
    if paint.legend:
        from matplotlib.patches import Patch

        handles = [Patch(color=colour, label=label) for label, colour in paint.legend]
        figure.legend(
            handles=handles,
            loc="upper right",
            ncols=len(handles),
            frameon=False,
            bbox_to_anchor=(1 - 0.25 / width, 1 - 0.2 / height),
        )
        facts = "fainter: less certain" if unsure else ""
    else:
        _draw_velocity_scale(figure, width, height)
    figure.text(left, 1 - 0.66 / height, facts, color=_GREY, va="center")


def _draw_velocity_scale(figure: "Figure", width: float, height: float) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    bar = figure.add_axes((1 - 2.3 / width, 1 - 0.42 / height, 2.0 / width, 0.12 / height))
    scale = ScalarMappable(Normalize(1, 127), velocity_colours())
    colorbar = figure.colorbar(scale, cax=bar, orientation="horizontal", ticks=[1, 32, 64, 96, 127])
    colorbar.outline.set_visible(False)
    bar.tick_params(length=0, labelsize=7, colors=_GREY, pad=2)
    figure.text(1 - 2.4 / width, 1 - 0.36 / height, "velocity", ha="right", va="center", color=_GREY)
