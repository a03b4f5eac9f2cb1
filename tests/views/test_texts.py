"""The texts of the pages: every language says the same things, and everything that is asked for is there."""

import re
from pathlib import Path
from typing import Any

import pytest

import pianotrans.views
from pianotrans.views.texts import read_texts

ASSETS = Path(pianotrans.views.__file__).parent / "assets"
PAGES = [ASSETS, ASSETS.parent.parent / "web" / "assets"]
SOURCES = [path for folder in PAGES for path in folder.rglob("*") if path.suffix in (".js", ".html")]


def flat(texts: dict[str, Any], prefix: str = "") -> dict[str, dict[str, str]]:
    """{"tools.undo": {"other": "Undo"}}"""
    found: dict[str, dict[str, str]] = {}
    for name, text in texts.items():
        if isinstance(text, dict) and "other" not in text:
            found |= flat(text, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = text if isinstance(text, dict) else {"other": text}
    return found


def values(forms: dict[str, str]) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", forms["other"]))


@pytest.mark.parametrize("code", read_texts())
def test_every_language_has_the_same_texts(code: str):
    english, other = flat(read_texts()["en"]), flat(read_texts()[code])
    assert other.keys() == english.keys()
    for name, forms in other.items():
        assert all(form.strip() for form in forms.values()), name
        assert values(forms) == values(english[name]), name
        assert "other" in forms, name


def asked() -> dict[str, str]:
    """The names in the sources, and where each stands."""
    pattern = re.compile(r"""\bt\("([\w.-]+)"|data-(?:text|label|hint)="([\w.-]+)\"""")
    return {
        name: path.name
        for path in SOURCES
        for groups in pattern.findall(path.read_text(encoding="utf-8"))
        for name in groups
        if name
    }


def test_every_text_that_is_asked_for_is_there():
    english = flat(read_texts()["en"])
    assert not {name: file for name, file in asked().items() if name not in english}


def test_the_html_says_in_english_what_the_texts_say():
    """What is seen before the script runs stays."""
    english = flat(read_texts()["en"])
    for path in (path for path in SOURCES if path.suffix == ".html"):
        for name, said in re.findall(r'data-text="([\w.-]+)"[^>]*>([^<]*)<', path.read_text(encoding="utf-8")):
            assert " ".join(said.split()) == english[name]["other"], name
