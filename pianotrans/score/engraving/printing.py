"""Pages joined to one file: SVG, or PDF by Typst, which keeps lines as lines and brings its fonts along."""

import re
from collections.abc import Sequence

from pianotrans.extras import require

_WIDTH_MM, _HEIGHT_MM = 210, 297
_SVG = re.compile(r"<svg\b[^>]*>")
_SIZE = re.compile(r' (?:id|version|width|height|overflow|xmlns(?::\w+)?)="[^"]*"')
_SYMBOL = re.compile(r'\s*<g id="([^"]+)">\s*<path[^>]*/>\s*</g>')
_ID = re.compile(r' id="([^"]+)"')
_DEFS = re.compile(r"<defs>(.*?)</defs>", re.DOTALL)
_FONT = re.compile(r'<style type="text/css">@font-face.*?</style>', re.DOTALL)
_PLACED = re.compile(r'<text font-size="0px">(\s*<tspan[^>]*?)( x="[^"]*")( y="[^"]*")( text-anchor="[^"]*")?')
_LABEL = re.compile(r'<title class="labelAttr">.*?</title>')
_SIGNS = str.maketrans({"\ueca2": "whole", "\ueca3": "half", "\ueca5": "♩", "\ueca7": "♪", "\uecb7": "."})
"""Notes in metronome marks: Typst has no font of music, but one with these."""


def one_svg(pages: Sequence[str]) -> str:
    """Pages of A4, each an SVG by `engrave`, one below the other in one SVG. Notes keep their ids.

    Symbols of music and fonts, which are the same on all pages, are kept once; ids are unique.
    """
    seen: set[str] = set()

    def once(key: str, text: str) -> str:
        if key in seen:
            return ""
        seen.add(key)
        return text

    parts = []
    for i, page in enumerate(pages):
        shared = _DEFS.sub(
            lambda defs: _SYMBOL.sub(lambda found: once("symbol " + found[1], found[0]), defs[0]), page
        )
        shared = _FONT.sub(lambda found: once("font", found[0]), shared)
        tag = _SVG.search(shared)
        assert tag is not None, "pages are SVG"
        place = f' y="{i * _HEIGHT_MM}" width="{_WIDTH_MM}" height="{_HEIGHT_MM}">'
        body = _ID.sub(lambda found: once(found[1], found[0]), shared[tag.end() :])
        parts.append(_SIZE.sub("", tag[0])[:-1] + place + body)
    height_mm = len(pages) * _HEIGHT_MM
    head = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" version="1.1" '
        f'id="{_page_id(pages)}" width="{_WIDTH_MM}mm" height="{height_mm}mm" '
        f'viewBox="0 0 {_WIDTH_MM} {height_mm}">\n'
    )
    return head + "".join(parts) + "</svg>\n"


def _page_id(pages: Sequence[str]) -> str:
    """The id that styles of the pages refer to: all have the same."""
    found = re.search(r'<svg\b[^>]*? id="([^"]+)"', pages[0]) if pages else None
    return found[1] if found else "pages"


def pdf(pages: Sequence[str]) -> bytes:
    """Pages of A4, each an SVG, as one PDF. Raises ExtraError without the extra `score`."""
    require("score")
    import typst

    size = f"width: {_WIDTH_MM}mm, height: {_HEIGHT_MM}mm"
    names = [f"page-{i}.svg" for i in range(len(pages))]
    images = "#pagebreak()\n".join(f'#image("{name}", {size})\n' for name in names)
    source = f"#set document(date: none)\n#set page({size}, margin: 0mm)\n{images}"
    files = {"main.typ": source.encode(), **{n: _adapt(p).encode() for n, p in zip(names, pages, strict=True)}}
    result = typst.compile(files)  # type: ignore[call-overload]  # its stubs do not know of dicts
    assert isinstance(result, bytes)
    return result


def _adapt(page: str) -> str:
    """A page whose texts say where they stand themselves: Typst does not look for that in their parts."""
    page = _FONT.sub("", _LABEL.sub("", page))
    return _PLACED.sub(r'<text font-size="0px"\2\3\4>\1', page).translate(_SIGNS)
