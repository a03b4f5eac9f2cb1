"""Random performances in which events collide: few keys, and times on, beside and between ticks."""

from hypothesis import settings
from hypothesis import strategies as st

from pianotrans.events import CONTROLLERS, TICKS_PER_SECOND, Note, Pedal, Performance

quick = settings(deadline=None, max_examples=100)

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

confidences = st.one_of(st.none(), st.floats(0, 1))

notes = st.builds(
    lambda span, key, velocity, confidence, onset: Note(*span, key, velocity, confidence, onset),
    spans_s,
    st.one_of(st.sampled_from([60, 61]), st.integers(0, 127)),
    st.integers(1, 127),
    confidences,
    confidences,
)
pedals = st.builds(
    lambda span, kind, confidence, onset: Pedal(*span, kind, confidence, onset),
    spans_s,
    st.sampled_from(list(CONTROLLERS)),
    confidences,
    confidences,
)
performances = st.builds(
    lambda notes, pedals, duration_s: Performance(tuple(notes), tuple(pedals), duration_s),
    st.lists(notes, max_size=12),
    st.lists(pedals, max_size=8),
    times_s,
)
