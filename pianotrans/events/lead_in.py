"""Musical time from 0 s on: what lies between the beginning of a file and its first beat.

A MIDI file begins at tick 0, which is 0 s, and with a bar. A performance begins with silence, or in the middle of
a bar. So the first bars of a file last from 0 s to the first beat that follows, at a tempo near that of the music.
"""

from bisect import bisect_right
from fractions import Fraction

from pianotrans.events.tempo_map import KeySignatureAt, TempoMap, TimeSignatureAt

_FINEST = Fraction(1, 16)  # of a quarter: a shorter lead-in is left out
_MOST_UNLIKE = 2  # how many times faster or slower than the music whole bars may be


def with_lead_in(tempo_map: TempoMap) -> TempoMap:
    """The same map, with position 0 at 0 s.

    Times behind the first position after 0 s stay, and bar lines stay bar lines. Silence before the map becomes
    whole bars where they fit, within half and double the first tempo. Else, and where the map begins before 0 s,
    the first bar is short. A lead-in of less than a 128th note is added to the beat that follows.
    """
    tempo_map = _reaching_past_zero(tempo_map)
    first = bisect_right(tempo_map.times_s, 0.0)
    if first and tempo_map.times_s[first - 1] == 0:
        first -= 1
    position = tempo_map.positions[first]
    length = _length(tempo_map, position)
    positions = [length + later - position for later in tempo_map.positions[first:]]
    times_s = list(tempo_map.times_s[first:])
    if length:
        positions, times_s = [Fraction(0), *positions], [0.0, *times_s]
    times_s[0] = 0.0
    return TempoMap(
        tuple(positions),
        tuple(times_s),
        _moved_time_signatures(tempo_map.time_signatures, position, length),
        _moved_key_signatures(tempo_map.key_signatures, position, length),
    )


def _reaching_past_zero(tempo_map: TempoMap) -> TempoMap:
    """The map with another position or two, if fewer than two are behind 0 s."""
    positions, times_s = list(tempo_map.positions), list(tempo_map.times_s)
    while times_s[-2] <= 0:
        positions.append(Fraction(max(int(positions[-1]), int(tempo_map.quarter_at(0))) + 1))
        times_s.append(tempo_map.time_at(positions[-1]))
    return TempoMap(tuple(positions), tuple(times_s), tempo_map.time_signatures, tempo_map.key_signatures)


def _length(tempo_map: TempoMap, position: Fraction) -> Fraction:
    """How many quarters to put between 0 s and a position."""
    natural = float(position) - tempo_map.quarter_at(0)
    if natural < _FINEST / 2:
        return Fraction(0)
    unit = Fraction(1)
    if tempo_map.time_signatures:
        _, numerator, denominator = _in_force(tempo_map.time_signatures, position)
        unit = Fraction(4, denominator)
        rest, bar = _to_bar_line(tempo_map.time_signatures, position), numerator * unit
        whole = round((float(rest) + natural) / float(bar)) * bar - rest
        if natural / _MOST_UNLIKE <= whole <= natural * _MOST_UNLIKE:
            return whole
    while natural <= unit / 2:  # half a unit would be rounded to none
        unit /= 2
    return round(natural / float(unit)) * unit


def _in_force(signatures: tuple[TimeSignatureAt, ...], position: Fraction) -> TimeSignatureAt:
    return next(signature for signature in reversed(signatures) if signature[0] <= position)


def _to_bar_line(signatures: tuple[TimeSignatureAt, ...], position: Fraction) -> Fraction:
    """How many quarters from a position to the next full bar: 0 if one begins there."""
    begin, numerator, denominator = _in_force(signatures, position)
    bar = Fraction(4 * numerator, denominator)
    played = (position - begin) % bar
    following = next((signature[0] for signature in signatures if signature[0] > position), None)
    if following is not None and following - position < bar - played:
        return following - position
    return (bar - played) % bar


def _moved_time_signatures(
    signatures: tuple[TimeSignatureAt, ...], position: Fraction, length: Fraction
) -> tuple[TimeSignatureAt, ...]:
    if not signatures:
        return ()
    shift = length - position
    bar_line = position + _to_bar_line(signatures, position)
    _, *at_start = _in_force(signatures, position)
    _, *at_line = _in_force(signatures, bar_line)
    moved = {Fraction(0): at_start, bar_line + shift: at_line}
    moved |= {later + shift: signature for later, *signature in signatures if later > bar_line}
    return tuple((place, numerator, denominator) for place, (numerator, denominator) in moved.items())


def _moved_key_signatures(
    signatures: tuple[KeySignatureAt, ...], position: Fraction, length: Fraction
) -> tuple[KeySignatureAt, ...]:
    at_start = [(Fraction(0), fifths, mode) for place, fifths, mode in signatures if place <= position]
    later = [(place - position + length, fifths, mode) for place, fifths, mode in signatures if place > position]
    return (*at_start[-1:], *later)
