"""What to say about gaps in a recording."""

import math
from collections.abc import Sequence

from pianotrans.audio.decoder import Gap
from pianotrans.remarks import Remark

_MAX_TOLD = 10  # of one kind; the rest is counted


def gap_remarks(gaps: Sequence[Gap]) -> list[Remark]:
    """One remark for each gap, of kind "pause" or "damage"."""
    remarks = []
    for kind, is_damage in (("damage", True), ("pause", False)):
        those = [gap for gap in gaps if gap.is_damage == is_damage]
        remarks += [_remark(kind, gap) for gap in those[:_MAX_TOLD]]
        if rest := those[_MAX_TOLD:]:
            total_s = sum(gap.end_s - gap.start_s for gap in rest)
            what = "places where sound was lost" if is_damage else "pauses"
            values = {"start_s": rest[0].start_s, "end_s": rest[-1].end_s, "n_gaps": len(rest)}
            remarks.append(Remark(kind, f"{len(rest)} more {what}, {total_s:.1f} s in all.", values))
    return remarks


def end_remark(decoded_s: float, missing_s: float) -> Remark:
    """The remark on a recording that breaks off."""
    values = {"start_s": decoded_s}
    if 0 < missing_s < math.inf:
        values["end_s"] = decoded_s + missing_s
    return Remark("damage", f"breaks off at {decoded_s:.1f} s.", values)


def _remark(kind: str, gap: Gap) -> Remark:
    values = {"start_s": gap.start_s}
    if math.isinf(gap.end_s):
        return Remark(kind, f"damaged from {gap.start_s:.1f} s on: what follows could not be decoded.", values)
    values["end_s"] = gap.end_s
    length_s = gap.end_s - gap.start_s
    if gap.is_damage:
        text = f"damaged at {gap.start_s:.1f} s: {length_s:.2f} s of sound are lost, and silence stands there."
    else:
        text = f"the recording was paused at {gap.start_s:.1f} s: {length_s:.2f} s of silence stand there."
    return Remark(kind, text, values)
