"""Random musical time: beats with rubato, begun before, at or after 0 s, in one meter or several, with a pickup."""

from fractions import Fraction
from itertools import accumulate

from hypothesis import strategies as st

from pianotrans.events import TempoMap

METERS = ((4, 4), (3, 4), (6, 8), (2, 2), (5, 4), (12, 8))
KEYS = ((0, None), (-3, "major"), (7, "major"), (-7, "minor"), (4, "minor"))


def beat_of(numerator: int, denominator: int) -> Fraction:
    """Three notes in compound meters."""
    note = Fraction(4, denominator)
    return 3 * note if numerator > 3 and numerator % 3 == 0 else note


def make_map(first_s, bars, pickup=0, beats_s=(0.5,), keys=()):
    """A map of whole bars, given as meters; beats last as `beats_s`, over and over."""
    positions, signatures = [Fraction(0)], []
    for i, meter in enumerate(bars):
        beat = beat_of(*meter)
        n_beats = int(Fraction(4 * meter[0], meter[1]) / beat)
        if i == 0 and 0 < pickup < n_beats:
            signatures.append((Fraction(0), *meter))
            positions += [beat * (k + 1) for k in range(pickup)]
        signatures.append((positions[-1], *meter))
        positions += [positions[-1] + beat * (k + 1) for k in range(n_beats)]
    n = len(positions) - 1
    times_s = accumulate((beats_s[i % len(beats_s)] for i in range(n)), initial=first_s)
    n_keys = min(len(keys), len(signatures))
    key_signatures = tuple((signatures[i][0], *keys[i]) for i in range(n_keys))
    changes = [s for i, s in enumerate(signatures) if i < 2 or s[1:] != signatures[i - 1][1:]]
    if len(changes) > 1 and changes[1][1:] == changes[0][1:] and not pickup > 0:
        del changes[1]
    return TempoMap(tuple(positions), tuple(times_s), tuple(changes), key_signatures)


first_s = st.one_of(st.sampled_from([0.0, -0.5, -1e-9, 1e-9, 0.01, 2.0]), st.floats(-5, 5), st.floats(5, 100))
tempo_maps = st.builds(
    make_map,
    first_s,
    st.lists(st.sampled_from(METERS), min_size=1, max_size=6),
    st.integers(0, 3),
    st.lists(st.floats(0.17, 3.0), min_size=1, max_size=7),
    st.lists(st.sampled_from(KEYS), max_size=3),
)
