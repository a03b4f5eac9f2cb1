"""Pages as PDF, by Typst, which keeps lines as lines and brings its fonts along."""

import re
from collections.abc import Sequence

from pianotrans.extras import require

_PLACED = re.compile(r'<text font-size="0px">(\s*<tspan[^>]*?)( x="[^"]*")( y="[^"]*")( text-anchor="[^"]*")?')
_SIGNS = str.maketrans({"\ueca2": "whole", "\ueca3": "half", "\ueca5": "♩", "\ueca7": "♪", "\uecb7": "."})
"""Notes in metronome marks: Typst has no font of music, but one with these."""


def pdf(pages: Sequence[str]) -> bytes:
    """Pages of A4, each an SVG, as one PDF. Raises ExtraError without the extra `score`."""
    require("score")
    import typst

    names = [f"page-{i}.svg" for i in range(len(pages))]
    images = "#pagebreak()\n".join(f'#image("{name}", width: 210mm, height: 297mm)\n' for name in names)
    source = f"#set page(width: 210mm, height: 297mm, margin: 0mm)\n{images}"
    files = {"main.typ": source.encode(), **{n: _adapt(p).encode() for n, p in zip(names, pages, strict=True)}}
    result = typst.compile(files)
    assert isinstance(result, bytes)
    return result


def _adapt(page: str) -> str:
    """A page whose texts say where they stand themselves: Typst does not look for that in their parts."""
    return _PLACED.sub(r'<text font-size="0px"\2\3\4>\1', page).translate(_SIGNS)
