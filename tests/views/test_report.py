"""The report's text: nothing in it can become markup, run or be fetched that we did not put there."""

import base64
import hashlib
import json
import re
import tracemalloc
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from pianotrans import __version__
from pianotrans.edits import digest_of
from pianotrans.events import Note, OtherOffset, Pedal, Performance
from pianotrans.events.receivers import RECEIVERS
from pianotrans.remarks import NOT_SOLO_PIANO, Remark
from pianotrans.views import EncodedAudio, report_html
from pianotrans.views.bundling import json_for_script

EVIL = 'x"><script>alert(1)</script><!-- {{script}} & </title>.mp3'
PERFORMANCE = Performance(
    (Note(1, 2, 60, 64, 0.2, 0.5, (OtherOffset(1.5, 0.125),)), Note(2, 3, 61, 1)),
    (Pedal(0.5, 2, "soft"),),
    4.0,
    candidates=(Note(2, 2.5, 72, 30, 0.125, 0.25),),
)


class Page(HTMLParser):
    """The elements of a page, in order, with their attributes and text."""

    def __init__(self, text: str):
        super().__init__()
        self.open = False
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), []))
        self.open = True

    def handle_endtag(self, tag):
        del tag
        self.open = False

    def handle_data(self, data):
        if self.open:
            self.elements[-1][2].append(data)

    def all(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        return [(attributes, "".join(text)) for name, attributes, text in self.elements if name == tag]


def page(title: str = "song.mp3", audio: EncodedAudio | None = None) -> Page:
    return Page(report_html(PERFORMANCE, title=title, audio=audio).decode())


def test_a_title_cannot_become_markup():
    plain, evil = page(), page(EVIL)
    assert [name for name, _, _ in evil.elements] == [name for name, _, _ in plain.elements]
    assert evil.all("h1")[0][1].strip() == EVIL
    assert json.loads(evil.all("script")[1][1])["title"] == EVIL
    assert [evil.all("script")[i] for i in (0, -1)] == [plain.all("script")[i] for i in (0, -1)]


def test_the_policy_allows_just_what_is_in_the_page():
    content = page(EVIL)
    policy = next(a["content"] for a, _ in content.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    runs = [text for attributes, text in content.all("script") if attributes.get("type", "module") == "module"]
    assert len(runs) == 2
    for name, texts in (("script-src", runs), ("style-src", [text for _, text in content.all("style")])):
        digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts]
        assert rules.pop(name) == " ".join(f"'sha256-{digest}'" for digest in digests)
    assert rules == {
        "default-src": "'none'",
        "media-src": "blob:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_nothing_points_elsewhere_but_the_licence():
    text = report_html(PERFORMANCE, title="song").decode()
    assert re.findall(r"https?://[^\"' )]+", text) == ["https://creativecommons.org/licenses/by/3.0/"]
    assert "Alexander Holm" in text
    for _, attributes, _ in page().elements:
        assert not attributes.keys() & {"src", "style", "onclick", "srcset"}


def test_a_part_begins_where_its_sound_does_and_remarks_are_shown():
    remarked = replace(
        PERFORMANCE, remarks=(Remark("tuning", "</script> 45 cents flat.", {"tuning_cents": -45.0}),)
    )
    content = Page(report_html(remarked, title="song", start_s=61.5).decode())
    data = json.loads(content.all("script")[1][1])
    assert data["start_s"] == 61.5
    assert data["remarks"] == ["</script> 45 cents flat."]


def test_the_data_is_the_performance():
    data, samples, recording = (text for _, text in page(audio=EncodedAudio(b"\0sound")).all("script")[1:4])
    assert json.loads(data) == {
        "title": "song.mp3",
        "foreign_share": None,
        "made_by": f"pianotrans {__version__}",
        "receivers": {name: dict(receiver.settings) for name, receiver in RECEIVERS.items()},
        "remarks": [],
        "start_s": 0.0,
        "duration_s": 4.0,
        "digest": digest_of(PERFORMANCE),
        "notes": [[1.0, 2.0, 60, 64, 0.5], [2.0, 3.0, 61, 1, None]],
        "pedals": [[0.5, 2.0, 67, None]],
        "doubt": {"notes": [[0.2, [1.5, 0.125]], [None]], "candidates": [[2.0, 2.5, 72, 30, 0.25]]},
        "media_type": "audio/mpeg",
        "waveform": None,
        "score": None,
    }
    assert base64.b64decode(recording) == b"\0sound"
    sounds = json.loads(samples)
    assert len(sounds) == 12
    assert all(base64.b64decode(sound)[:3] == b"ID3" for sound in sounds.values())
    assert sum(map(len, sounds.values())) < 400_000
    assert json.loads(page().all("script")[1][1])["media_type"] is None


@pytest.mark.parametrize("value", ["</script>", "<!--", ["a<b", {"<": "<"}], "ü\u2028"])
def test_json_in_a_script_element(value: object):
    text = json_for_script(value)
    assert "<" not in text
    assert json.loads(text) == value


def test_memory_is_twice_the_page():
    report_html(Performance(), title="", audio=EncodedAudio(b""))  # what is read only once
    content = bytes(10_000_000)
    tracemalloc.start()
    page = report_html(Performance(), title="", audio=EncodedAudio(content))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(page) > len(content) * 4 / 3
    assert peak < 2.1 * len(page)


def test_what_is_no_piano_has_a_badge_and_no_remark():
    remark = Remark(NOT_SOLO_PIANO, "60% of the recording does not sound like solo piano.", {"share": 0.6})
    content = Page(report_html(replace(PERFORMANCE, remarks=(remark,)), title="song").decode())
    data = json.loads(content.all("script")[1][1])
    assert data["foreign_share"] == 0.6
    assert data["remarks"] == []
