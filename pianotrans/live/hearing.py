"""A model that is ready to hear while somebody plays."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from pianotrans.inference.registry import model_for
from pianotrans.inference.transcriber import Transcriber
from pianotrans.live.plan import LivePlan
from pianotrans.live.session import Hear, Sitting, measured, try_out
from pianotrans.live.sources import SoundSource
from pianotrans.live.windows import hear


@dataclass(frozen=True)
class LiveModel:
    """How a model hears, and by which plan; serves any number of sittings, one after the other."""

    name: str
    hear: Hear
    plan: LivePlan
    track_numbers: tuple[int, ...]

    def sit(self, source: SoundSource, say: Callable[[str], None] = lambda _: None) -> Sitting:
        """A sitting that hears a source; `say` is told of trouble."""
        return Sitting(source, self.hear, self.plan, self.track_numbers, say=say)

    def warm_up(self, n_channels: int) -> None:
        """Make everything ready, so that the first window takes no longer than the others."""
        try_out(self.plan, self.hear, n_channels)

    def measured(self, n_channels: int) -> "LiveModel":
        """The same, warmed up, with a hop that this machine keeps up with."""
        return replace(self, plan=measured(self.plan, self.hear, n_channels))


def load_live_model(
    model: str | None = None,
    *,
    device: str = "auto",
    precision: str = "auto",
    window_s: float | None = None,
    hop_s: float | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> LiveModel:
    """A model for live use; without a name, the one that answers soonest.

    Raises the errors of `Transcriber` and `LivePlan.of`.
    """
    transcriber = Transcriber(model or model_for("fast"), device=device, precision=precision, tuning="off", say=say)
    network = transcriber.model
    plan = LivePlan.of(network.config, window_s, hop_s)
    network.fix_embeddings(plan.heard_samples)
    return LiveModel(transcriber.entry.name, partial(hear, network), plan, network.config.tracks.numbers)
