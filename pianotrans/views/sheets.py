"""Engraved pages as markup for the report.

The pages are not trusted: they are built anew from the elements, attributes and values that music needs. No script,
style, link or font gets through, whatever the pages hold. What is looked for later, notes and bars, gets a number.
"""

import re
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "{http://www.w3.org/1999/xlink}href"
_SHAPES = frozenset({"path", "polygon", "polyline", "line", "rect", "ellipse", "circle"})
_GROUPS = frozenset({"g", "text", "tspan"})  # they go where they say nothing

_NUMBERS = re.compile(r"[-+.,\d\se]{1,100000}(?:px|%)?")
_PATH = re.compile(r"[-+.,\d\seMLHVCSQTAZ]{1,100000}", re.IGNORECASE)
_TRANSFORM = re.compile(r"(?:\s*(?:translate|scale|rotate|matrix)\([-+.,\d\se]{1,200}\)){1,4}\s*")
_NUMERIC = (
    *("x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "width", "height"),
    *("points", "viewBox", "font-size", "stroke-width", "stroke-dasharray"),
    *("opacity", "fill-opacity", "stroke-opacity"),
)
_VALUES = {
    **dict.fromkeys(_NUMERIC, _NUMBERS),
    "d": _PATH,
    "transform": _TRANSFORM,
    "fill": re.compile("none|currentColor"),
    "stroke": re.compile("none|currentColor"),
    "visibility": re.compile("hidden|visible"),
    "text-anchor": re.compile("start|middle|end"),
    "font-style": re.compile("normal|italic"),
    "font-weight": re.compile("normal|bold"),
    "stroke-linecap": re.compile("butt|round|square"),
    "stroke-linejoin": re.compile("miter|round|bevel"),
}
_CLASSES = frozenset({"system", "tempo", "ending", "reh", "fing", "dir", "dynam", "mNum"})  # report.css knows them
_GLYPH = re.compile(r"#([0-9A-F]{4,5})(?:-\w*)?")
_NOTE = re.compile(r"n(\d{1,9})(?:-\d{1,9})?")
_LINE = re.compile(r"M(-?\d+)[ ,](-?\d+) ?L(-?\d+)[ ,](-?\d+)")

# Notes in the text of a metronome mark come from a font of their own; other fonts have them elsewhere.
_SIGNS = str.maketrans(
    {0xE1D2: "𝅝", 0xE1D3: "𝅗𝅥", 0xE1D5: "♩", 0xE1D7: "♪", 0xE1E7: ".", 0xECA2: "𝅝"}
    | {0xECA3: "𝅗𝅥", 0xECA5: "♩", 0xECA7: "♪", 0xECB7: "."}
)
_OTHER_SIGN = re.compile("[\ue000-\uf8ff]")
_SIGN_SCALE = 0.6  # music fonts draw a note in text so much smaller than others


class _Sheets:
    """The pages as they are built: glyphs that all of them share, and how many bars there were."""

    def __init__(self) -> None:
        self.root = Element("svg", {"xmlns": _SVG})
        self.glyphs = ElementTree.SubElement(self.root, "defs")
        self._known: set[str] = set()
        self._n_bars = 0

    def add(self, page: str) -> None:
        drawn = ElementTree.fromstring(page)
        inner = next((one for one in drawn.iter(f"{{{_SVG}}}svg") if one is not drawn), drawn)
        sheet = ElementTree.SubElement(self.root, "svg", _kept_attributes(inner))
        for definition in drawn.iter(f"{{{_SVG}}}defs"):
            self._add_glyphs(definition)
        for child in inner:
            sheet.extend(self._rebuilt(child))

    def _add_glyphs(self, definitions: Element) -> None:
        for glyph in definitions:
            name = _GLYPH.fullmatch(f"#{glyph.get('id')}")
            if name is None or name[1] in self._known:
                continue
            self._known.add(name[1])
            group = ElementTree.SubElement(self.glyphs, "g", {"id": f"glyph-{name[1]}"})
            for child in glyph:
                group.extend(self._rebuilt(child))

    def _rebuilt(self, element: Element) -> Iterator[Element]:
        """What is left of an element: itself, its children, or nothing."""
        tag = element.tag.removeprefix(f"{{{_SVG}}}") if isinstance(element.tag, str) else ""
        if tag in _SHAPES:
            yield Element(tag, _kept_attributes(element))
        elif tag == "use" and (glyph := _GLYPH.fullmatch(element.get("href", element.get(_XLINK, "")))):
            yield Element(tag, {"href": f"#glyph-{glyph[1]}", **_kept_attributes(element)})
        elif tag in _GROUPS and "placeholder" not in _classes(element):
            yield from self._group(tag, element)

    def _group(self, tag: str, element: Element) -> Iterator[Element]:
        attributes = {**self._marks(element), **_kept_attributes(element)}
        text = "" if tag == "g" else _text(element, attributes)
        children = [part for child in element for part in self._rebuilt(child)]
        if "data-bar" in attributes:
            children = [*_ground(element), *children]
        if text or (attributes and children):
            group = Element(tag, attributes)
            group.text = text
            group.extend(children)
            yield group
        else:
            yield from children

    def _marks(self, element: Element) -> dict[str, str]:
        """What the report looks for: notes and bars by number, and the classes that its style sheet knows."""
        classes = _classes(element)
        known = " ".join(sorted(_CLASSES & classes))
        marks = {"class": known} if known else {}
        if "note" in classes and (note := _NOTE.fullmatch(element.get("id", ""))):
            marks["data-note"] = note[1]
        if "measure" in classes:
            marks["data-bar"] = str(self._n_bars)
            self._n_bars += 1
        return marks


def rebuild_pages(pages: Sequence[str]) -> str:
    """Pages of SVG, engraved by Verovio, as one SVG: `defs` with glyphs for all, then an `svg` for each page.

    A group with `data-note="12"` is what the id `n12`, or `n12-2`, stood for: the written note whose first
    performed one is 12. One with `data-bar="3"` is the fourth bar, and holds a rectangle of class `bar` behind it.
    Two fifths of the size of the pages; 0.06 s a page.

    Raises xml.etree.ElementTree.ParseError for a page that is no XML.
    """
    sheets = _Sheets()
    for page in pages:
        sheets.add(page)
    return ElementTree.tostring(sheets.root, encoding="unicode")


def _classes(element: Element) -> set[str]:
    return set(element.get("class", "").split())


def _ground(measure: Element) -> Iterator[Element]:
    """A rectangle behind a bar, as large as its staves: it takes clicks, and shows where one is."""
    staves = [one for one in measure if "staff" in _classes(one)]
    found = [_LINE.fullmatch(path.get("d", "")) for staff in staves for path in staff]
    lines = [[int(number) for number in line.groups()] for line in found if line is not None]
    if lines:
        left, top = min(line[0] for line in lines), min(line[1] for line in lines)
        right, bottom = max(line[2] for line in lines), max(line[3] for line in lines)
        place = {"x": left, "y": top, "width": right - left, "height": bottom - top}
        yield Element("rect", {"class": "bar", **{name: str(value) for name, value in place.items()}})


def _kept_attributes(element: Element) -> dict[str, str]:
    return {
        name: value
        for name, value in element.items()
        if name in _VALUES and _VALUES[name].fullmatch(value) is not None
    }


def _text(element: Element, attributes: dict[str, str]) -> str:
    """The text of an element that lies between no others, in signs that every font has."""
    if len(element):
        return ""
    text = (element.text or "").translate(_SIGNS)
    size = re.fullmatch(r"(\d+)px", attributes.get("font-size", ""))
    if element.get("font-family") is not None and size is not None:
        attributes["font-size"] = f"{round(_SIGN_SCALE * int(size[1]))}px"
    return _OTHER_SIGN.sub("", text)
