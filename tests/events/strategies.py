"""Random performances in which events collide: few keys, and times on, beside and between ticks.

What a test costs is mostly the drawing, by the number of decisions. So an event takes few: where nothing depends on
any value at all, as with the confidences, one is drawn from a list.
"""

from itertools import product

from hypothesis import settings
from hypothesis import strategies as st

from pianotrans.events import CONTROLLERS, TICKS_PER_SECOND, Note, OtherOffset, Pedal, Performance
from pianotrans.remarks import Remark

quick = settings(deadline=None, max_examples=100)
fewer = settings(quick, max_examples=60)  # of performances: each is a hundred decisions, and much collides in it

times_s = st.one_of(
    st.integers(0, 200).map(lambda quarter: quarter / 4 / TICKS_PER_SECOND),
    st.floats(0, 20),
    st.floats(10_000, 40_000),
)
lengths_s = st.one_of(
    st.integers(1, 50).map(lambda quarter: quarter / 4 / TICKS_PER_SECOND),
    st.floats(1e-6, 5),
)
spans_s = st.builds(lambda onset, length: (onset, onset + length), times_s, lengths_s)

_SHARES = (None, 0.0, 1e-9, 1 / 3, 0.5, 1.0)
confidences = st.sampled_from(list(product(_SHARES, _SHARES)))  # of the event, of its onset


def _other_offsets(onset_s: float, offset_s: float) -> tuple[OtherOffset, ...]:
    """One later, and one earlier where there is room."""
    earlier = (OtherOffset((onset_s + offset_s) / 2, 0.25),) if (onset_s + offset_s) / 2 > onset_s else ()
    return (*earlier, OtherOffset(offset_s + 1, 1 / 3))


notes = st.builds(
    lambda span, key, velocity, sure: Note(*span, key, velocity, *sure, _other_offsets(*span) if sure[0] else ()),
    spans_s,
    st.sampled_from([60, 61] * 64 + list(range(128))),
    st.integers(1, 127),
    confidences,
)
pedals = st.builds(
    lambda span, kind, sure: Pedal(*span, kind, *sure), spans_s, st.sampled_from(list(CONTROLLERS)), confidences
)
_TUNED = Remark("tuning", "sounds 45 cents flat.", {"tuning_cents": -45.0})
_PAUSED = Remark("pause", "2.0 s of silence.", {"start_s": 4.0, "end_s": 6.0})
performances = st.builds(
    lambda notes, pedals, duration_s, remarks: Performance(
        tuple(notes), tuple(pedals), duration_s, remarks, tuple(notes[:1]) if remarks else ()
    ),
    st.lists(notes, max_size=12),
    st.lists(pedals, max_size=8),
    times_s,
    st.sampled_from([(), (_TUNED,), (_PAUSED, _TUNED)]),
)
