"""Engraved pages in the report: what music needs stays, and nothing else gets in."""

import html
import re
from collections import Counter
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.views.sheets import rebuild_pages
from tests.views.scores import measure, page

SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = {"svg", "defs", "g", "path", "use", "polygon", "polyline", "line", "rect", "ellipse", "circle", "text"}

HOSTILE = [
    "<script>alert(1)</script>",
    '<g onclick="alert(1)" class="note" id="n1"><path d="M0 0" onload="alert(1)"/></g>',
    '<style>* {color: red}</style><g style="fill: red" class="dynam"><path d="M0 0" style="color: red"/></g>',
    '<a href="javascript:alert(1)"><text x="1">link</text></a>',
    '<use href="https://example.org/evil.svg#x"/><use href="#other"/><use href="javascript:alert(1)"/>',
    '<image href="https://example.org/x.png"/><foreignObject><body xmlns="http://www.w3.org/1999/xhtml"/></foreignObject>',
    '<rect fill="url(https://example.org)" stroke="url(#x)" width="expression(alert(1))" transform="url(x)"/>',
    '<animate attributeName="href" to="javascript:alert(1)"/><set attributeName="onload" to="alert(1)"/>',
    '<g class="evil unseen" id="play"><path d="M0 0;alert(1)"/></g><iframe src="x"/>',
    '<g class="note" id="n1&quot;&gt;&lt;script&gt;"><path d="M0 0"/></g>',
    '<text x="1">&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;</text>',
    '<h:script xmlns:h="http://www.w3.org/1999/xhtml">alert(1)</h:script>',
]


def rebuilt(*pages: str) -> ElementTree.Element:
    return ElementTree.fromstring(rebuild_pages(pages))


def numbers(root: ElementTree.Element, mark: str) -> list[str]:
    return [one.attrib[mark] for one in root.iter() if mark in one.attrib]


@pytest.mark.parametrize("evil", HOSTILE)
def test_nothing_like_script_or_style_gets_through(evil: str):
    text = rebuild_pages([page(measure(0, "n0"), extra=evil)])
    root = ElementTree.fromstring(text)
    allowed = re.compile(r"[-+.,\d\sa-zA-Z()#]*")
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in ELEMENTS | {"tspan"}
        for name, value in element.items():
            assert not name.startswith("on")
            assert name not in {"style", "src", "to"}
            assert allowed.fullmatch(value)
            assert "url" not in value
            assert "alert" not in value
            if name == "href":
                assert value == "#glyph-E0A4"
            if name == "id":
                assert value == "glyph-E0A4"
    assert "<script" not in text
    assert "</script" not in text


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Co"])))
def test_text_stays_text(words: str):
    root = rebuilt(page(extra=f'<g class="dir"><text x="1" y="2">{html.escape(words)}</text></g>'))
    assert "".join(text.text or "" for text in root.iter(f"{SVG}text")) == words


def test_notes_and_bars_have_numbers_over_all_pages():
    root = rebuilt(
        page(measure(0, "n0", "n1"), measure(1, "n1-2", "n2")), page(measure(0, "n1-3", "x9"), glyph="E0A4-def")
    )
    assert numbers(root, "data-note") == ["0", "1", "1", "2", "1"]
    assert numbers(root, "data-bar") == ["0", "1", "2"]
    assert len(root.findall(f"{SVG}svg")) == 2


def test_behind_a_bar_is_a_rectangle_as_large_as_its_staves():
    root = rebuilt(page(measure(0), measure(1, "n0")))
    grounds = [one for one in root.iter(f"{SVG}rect") if one.get("class") == "bar"]
    places = [tuple(int(ground.attrib[name]) for name in ("x", "y", "width", "height")) for ground in grounds]
    assert places == [(0, 872, 4000, 2520), (4000, 872, 4000, 2520)]


def test_glyphs_are_shared_and_placeholders_left_out():
    root = rebuilt(page(measure(0, "n0")), page(measure(0, "n1"), glyph="E0A4-def"))
    assert [glyph.get("id") for glyph in root.find(f"{SVG}defs") or []] == ["glyph-E0A4"]
    assert {one.get("href") for one in root.iter(f"{SVG}use")} == {"#glyph-E0A4"}
    assert not list(root.iter(f"{SVG}ellipse"))


def test_links_to_glyphs_may_have_either_form():
    old = (
        '<g xmlns:xlink="http://www.w3.org/1999/xlink"><use xlink:href="#E0A4-abc"/><use xlink:href="x#E0A4"/></g>'
    )
    assert [one.attrib for one in rebuilt(page(extra=old)).iter(f"{SVG}use")] == [{"href": "#glyph-E0A4"}]


def test_a_note_in_a_metronome_mark_is_one_of_common_fonts():
    mark = (
        '<g class="tempo"><text x="1" y="2" font-size="0px"><tspan class="rend">'
        '<tspan font-family="Leipzig" font-size="720px">\ueca5</tspan></tspan>'
        '<tspan font-size="405px"> = 96</tspan>'
        "</text></g>"
    )
    (text,) = rebuilt(page(extra=mark)).iter(f"{SVG}text")
    assert [(one.text, one.get("font-size")) for one in text] == [("♩", "432px"), (" = 96", "405px")]


_XML = """<?xml version="1.0"?><score-partwise version="4.0"><part-list><score-part id="P1"><part-name/>
</score-part></part-list><part id="P1"><measure number="1"><attributes><divisions>1</divisions><time>
<beats>2</beats><beat-type>4</beat-type></time><staves>2</staves>
<clef number="1"><sign>G</sign><line>2</line></clef>
<clef number="2"><sign>F</sign><line>4</line></clef></attributes>
<direction><direction-type><metronome><beat-unit>quarter</beat-unit><per-minute>96</per-minute></metronome>
</direction-type></direction>{first}</measure><measure number="2">{second}</measure></part></score-partwise>"""


def _note(name: str, step: str, staff: int, length: int, tie: str = "", chord: str = "") -> str:
    tied = f'<tie type="{tie}"/>' if tie else ""
    notation = f'<notations><tied type="{tie}"/></notations>' if tie else ""
    kind = "half" if length == 2 else "quarter"
    return (
        f'<note id="{name}">{chord}<pitch><step>{step}</step><octave>{6 - 2 * staff + 1}</octave></pitch>'
        f"<duration>{length}</duration>{tied}<voice>{4 * staff - 3}</voice><type>{kind}</type>"
        f"<staff>{staff}</staff>{notation}</note>"
    )


def test_pages_of_verovio_keep_their_notes_and_bars_and_get_small():
    verovio = pytest.importorskip("verovio")
    back = "<backup><duration>2</duration></backup>"
    first = _note("n0", "C", 1, 1) + _note("n1", "E", 1, 1) + _note("n2", "G", 1, 1, "start", "<chord/>")
    second = _note("n2-2", "G", 1, 2, "stop") + back + _note("n4", "D", 2, 2)
    xml = _XML.format(first=first + back + _note("n3", "C", 2, 2), second=second)
    toolkit = verovio.toolkit()
    toolkit.setOptions({"svgViewBox": True, "svgRemoveXlink": True, "header": "none", "footer": "none"})
    assert toolkit.loadData(xml)
    drawn = toolkit.renderToSVG(1)
    small = rebuild_pages([drawn])
    root = ElementTree.fromstring(small)
    assert Counter(numbers(root, "data-note")) == {"0": 1, "1": 1, "2": 2, "3": 1, "4": 1}
    assert numbers(root, "data-bar") == ["0", "1"]
    assert len([one for one in root.iter(f"{SVG}rect") if one.get("class") == "bar"]) == 2
    glyphs = {f"#{one.get('id')}" for one in root.find(f"{SVG}defs") or []}
    assert {one.get("href") for one in root.iter(f"{SVG}use")} <= glyphs
    assert "♩" in small
    assert "font-face" in drawn
    assert "font-face" not in small
    assert len(small) < len(drawn) / 4
