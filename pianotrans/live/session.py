"""One sitting: sound in, events out, as fast as the machine can."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from pianotrans.audio import Block, resample
from pianotrans.events import Note, Pedal, Performance
from pianotrans.events.performance import PROGRAM
from pianotrans.live.decisions import Decider, Ended, LiveEvent
from pianotrans.live.plan import LivePlan
from pianotrans.live.sources import SoundSource
from pianotrans.live.timekeeping import Timekeeper
from pianotrans.live.watching import watch
from pianotrans.live.windows import HeardWindow, NewestSound, SoundWindow

Hear = Callable[[SoundWindow], HeardWindow]

_SLOWER = 2  # times the hop, and
_SLOW_WINDOWS = 4  # windows in a row that are so late: the machine is too slow
_ROOM = 1.1  # of the time that a window takes, for all the rest


@dataclass(frozen=True)
class Moment:
    """A window was heard."""

    heard_s: float  # where it ends in the sound
    events: tuple[LiveEvent, ...]  # that have become certain by it


@dataclass
class Sitting:
    """Hears a source to its end. What was played so far is known at any time, also after an error."""

    source: SoundSource
    hear: Hear
    plan: LivePlan
    track_numbers: tuple[int, ...]
    say: Callable[[str], None] = lambda _: None  # told of trouble, each kind once
    timekeeper: Timekeeper = field(default_factory=Timekeeper)
    unheard_s: float = 0.0  # of the sound that no window was in time for
    _played: list[Note | Pedal] = field(default_factory=list)
    _heard_s: float = 0.0
    _n_slow: int = 0
    _decider: Decider = field(init=False)

    def __post_init__(self) -> None:
        self._decider = Decider(self.plan, self.track_numbers)

    def moments(self) -> Iterator[Moment]:
        """All windows in turn; after the last one what was still open.

        A window ends with the newest sound, and the next one begins a hop later or, where hearing took longer, as
        soon as it can: there is never a backlog. Raises LiveError or AudioError if the source fails, when all that
        was heard until then has been given out.
        """
        source, newest = self.source, NewestSound(self.plan, self.source.n_channels)
        try:
            for block in self._resampled():
                newest.push(block)
                if newest.end_frame - self._last_frame >= self.plan.hop_frames:
                    yield self._heard(newest)
        finally:
            source.stop()
        newest.complete()
        if newest.end_frame > self._last_frame:
            yield self._heard(newest)
        yield self._given(self._decider.finish())
        if (lost_s := self.lost_s) > 0:
            self.say(f"{source.name}: {lost_s:.1f} s of sound were lost in all, because the machine was too slow.")

    def end(self) -> Moment:
        """Give out what was still open when `moments` was left before its end, by an error or on purpose."""
        return self._given(self._decider.finish())

    @property
    def lost_s(self) -> float:
        """Seconds of sound that came and were not heard."""
        return self.source.lost_s + self.unheard_s

    def performance(self, model: str) -> Performance:
        """All that has ended so far."""
        notes = tuple(x for x in self._played if isinstance(x, Note))
        pedals = tuple(x for x in self._played if isinstance(x, Pedal))
        return Performance(notes, pedals, self._heard_s, made_by=f"{PROGRAM} live --model {model}")

    @property
    def _last_frame(self) -> int:
        return round(self._heard_s / self.plan.frame_s)

    def _resampled(self) -> Iterator[Block]:
        source = self.source
        blocks = watch(source.blocks(), source.name, source.sample_rate, self.say)
        return resample(blocks, source.sample_rate, self.plan.sample_rate, source.n_channels)

    def _heard(self, newest: NewestSound) -> Moment:
        before_s, window = self._heard_s, newest.window()
        start_s = self.timekeeper.now_s()
        heard = self.hear(window)
        took_s = self.timekeeper.now_s() - start_s
        self._heard_s = window.end_frame * self.plan.frame_s
        self._judge_speed(self._heard_s - before_s, took_s)
        return self._given(self._decider.push(heard))

    def _given(self, events: list[LiveEvent]) -> Moment:
        self._played += [event.played for event in events if isinstance(event, Ended)]
        return Moment(self._heard_s, tuple(events))

    def _judge_speed(self, apart_s: float, took_s: float) -> None:
        """Say once that windows end further apart than they should, and count what lies between them."""
        unheard_s = max(apart_s - self.plan.most_apart_s, 0.0)
        if unheard_s and not self.unheard_s:
            self.say(
                f"a window took {took_s:.1f} s: sound is being lost. Close other programs, or take another --model."
            )
        self.unheard_s += unheard_s
        if self._n_slow >= _SLOW_WINDOWS:
            return
        self._n_slow = self._n_slow + 1 if apart_s > _SLOWER * self.plan.hop_s else 0
        if self._n_slow == _SLOW_WINDOWS:
            self.say(
                f"this machine takes {took_s:.2f} s for a window: notes come every {apart_s:.1f} s instead of "
                f"every {self.plan.hop_s:.1f} s."
            )


def measured(plan: LivePlan, hear: Hear, n_channels: int, timekeeper: Timekeeper | None = None) -> LivePlan:
    """The plan with a hop that this machine keeps up with; see `try_out`."""
    return plan.at_least_every(_ROOM * try_out(plan, hear, n_channels, timekeeper))


def try_out(plan: LivePlan, hear: Hear, n_channels: int, timekeeper: Timekeeper | None = None) -> float:
    """Seconds that a window takes on this machine; hears noise, which also makes everything ready."""
    time = timekeeper or Timekeeper()
    noise = np.random.default_rng(0).normal(0, 0.1, (n_channels, plan.heard_samples)).astype(np.float32)
    fastest_s = math.inf
    for _ in range(3):  # the first compiles
        start_s = time.now_s()
        hear(SoundWindow(plan.window_frames, noise))
        fastest_s = min(fastest_s, time.now_s() - start_s)
    return fastest_s
