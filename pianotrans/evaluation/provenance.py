"""How the estimates of an evaluation were made, if that was done for it."""

from dataclasses import dataclass

from pianotrans.version import __version__


@dataclass(frozen=True, slots=True)
class Provenance:
    """The model, how it was run, and which part of a data set it transcribed; None: not restricted."""

    model: str
    hop_s: float
    layout: str
    split: str | None = None
    name_filter: str | None = None
    n_at_most: int | None = None
    precision: str = "auto"  # of matrix products
    tuning: str | float = "auto"
    pedal_bias: float = 0.0
    declip: bool = True

    def describe(self) -> str:
        """One sentence, to stand beside every table of scores."""
        part = [f"data set in the layout {self.layout}"]
        if self.split is not None:
            part.append(f"split {self.split}")
        if self.name_filter is not None:
            part.append(f"names with {self.name_filter!r}")
        if self.n_at_most is not None:
            part.append(f"the first {self.n_at_most} at most")
        options = [] if self.tuning == "auto" else [f"--tuning {self.tuning}"]
        options += [f"--pedal-bias {self.pedal_bias:g}"] if self.pedal_bias else []
        options += [] if self.declip else ["--no-declip"]
        return (
            f"Transcribed by the model {self.model}, a segment every {self.hop_s:g} s, products in "
            f"{'the precision of the machine' if self.precision == 'auto' else self.precision} "
            f"({' '.join([f'pianotrans {__version__}', *options])}); "
            f"{', '.join(part)}."
        )
