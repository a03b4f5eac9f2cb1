"""What is measured of a piece beside its scores."""

from dataclasses import asdict, dataclass

from pianotrans.evaluation.circumstances import CircumstanceBand
from pianotrans.evaluation.pedalling import Pedalling
from pianotrans.evaluation.tolerances import ToleranceSweep
from pianotrans.evaluation.velocities import VelocityFit


@dataclass(frozen=True, slots=True, eq=False)
class Details:
    """Notes under the first convention of the settings; None where the reference does not state something."""

    circumstances: tuple[CircumstanceBand, ...]
    sweep: ToleranceSweep
    velocity: VelocityFit | None
    pedalling: Pedalling | None
    musical: dict[str, float | None]

    def figures(self) -> dict[str, float]:
        """Every single number that is defined, by its name in files, such as "pedal estimate_down"."""
        velocity = asdict(self.velocity) if self.velocity else {}
        groups = {
            "pedal": self.pedalling.shares() if self.pedalling else {},
            "velocity": {name: value for name, value in velocity.items() if name != "n_notes"},
            "music": self.musical,
        }
        return {
            f"{group} {name}": value
            for group, values in groups.items()
            for name, value in values.items()
            if value is not None
        }
