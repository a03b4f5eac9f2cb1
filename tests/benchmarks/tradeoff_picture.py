"""F1 of onsets over processor time, drawn with matplotlib, with the figures of other systems."""

import io
from typing import NamedTuple

from pianotrans.drawing import drawing


class Point(NamedTuple):
    """Mean F1 of onsets in % on the six recordings of maestro-mini and the five real ones of MAPS, and the cost."""

    maestro: float
    maps: float
    cost: float | None  # processor seconds per second of audio; None: nobody has told it


# What others publish of their models for these very recordings. They tell no pedals, and velocities hardly.
PEERS = {
    "peer, 26 000 parameters": Point(94.0, 81.4, 0.07),
    "peer, 137 000 parameters": Point(96.0, 83.1, 0.15),
    "peer, 679 000 parameters": Point(97.3, 84.4, 0.43),
    "basic-pitch": Point(71.5, 65.6, None),
}
_OURS, _THEIRS = "#3b6ea5", "#8a8a8a"
_PANELS = {"maestro-mini: a sampled piano": 0, "MAPS: two Disklaviers": 1}


def draw_tradeoff(measured: dict[str, Point]) -> bytes:
    """PNG with a panel for each data set; what was measured is filled, what others published is hollow."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

    others = {name: peer for name, peer in PEERS.items() if peer.cost is not None and name not in measured}
    with drawing({"font.size": 9}):
        figure = Figure(figsize=(9, 4), layout="constrained", facecolor="white")
        costs = [one.cost for one in (*measured.values(), *others.values()) if one.cost]
        for (title, i), axes in zip(_PANELS.items(), figure.subplots(1, 2), strict=True):
            for name, point in (*others.items(), *measured.items()):
                ours = name in measured
                colour = _OURS if ours and name != "basic-pitch" else _THEIRS
                axes.plot(point.cost, point[i], "o", color=colour, mfc=colour if ours else "white", markersize=7)
                axes.annotate(
                    name.removeprefix("peer, ").replace(" 000 parameters", " k"),
                    (point.cost, point[i]),
                    xytext=(0, 8 if colour == _OURS else -14),
                    textcoords="offset points",
                    ha="center",
                    color=colour,
                    fontweight="bold" if colour == _OURS else "normal",
                )
            axes.set_xscale("log")
            axes.set_xlim(min(costs) / 2.5, max(costs) * 2.5)
            heights = [point[i] for point in (*others.values(), *measured.values())]
            axes.set_ylim(max(0, min(heights) - 8), max(heights) + 4)
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.xaxis.set_major_formatter(FormatStrFormatter("%g"))
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.set(title=title, xlabel="processor seconds per second of audio", ylabel="F1 of onsets (%)")
            axes.grid(alpha=0.25)
            axes.spines[["top", "right"]].set_visible(False)
        legend = "filled: measured here; hollow: as published elsewhere, by number of parameters"
        figure.supxlabel(legend, fontsize="small", color=_THEIRS)
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=110)
    return file.getvalue()
