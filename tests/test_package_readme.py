"""pianotrans/README.md: every section and every file that is named exists."""

import re
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

PACKAGE = REPOSITORY / "pianotrans"
README = (PACKAGE / "README.md").read_text(encoding="utf-8")
SECTIONS = re.findall(r"^## §(\d+) ", README, flags=re.MULTILINE)
CHANGES = README[README.index("## To change") : README.index("# The mathematics")]
ROOMS = README[README.index("## Rooms") : README.index("## To change")]


def referring() -> list[tuple[Path, str]]:
    """The files of the repository with their references to sections, as they stand there."""
    files = [
        path for folder in ("pianotrans", "tests", "models", "data") for path in (REPOSITORY / folder).rglob("*")
    ]
    texts = [(path, path.read_text(encoding="utf-8")) for path in files if path.suffix in {".py", ".toml"}]
    return [(path, found) for path, text in texts for found in re.findall(r"README((?:[,–]? ?§\d+)+)", text)]


def test_sections_are_numbered_from_one():
    assert [str(number) for number in range(1, len(SECTIONS) + 1)] == SECTIONS


def test_every_section_that_is_referred_to_exists():
    references = referring()
    assert len(references) > 20
    for path, reference in references:
        assert set(re.findall(r"\d+", reference)) <= set(SECTIONS), (path, reference)
    within = re.findall(r"(?<!## )§(\d+)", README)
    assert set(within) <= set(SECTIONS)


@pytest.mark.parametrize("name", re.findall(r"`([\w/.-]+\.(?:py|css|js))`", CHANGES))
def test_every_file_to_open_exists(name: str):
    assert (PACKAGE / name).is_file()


def test_the_map_has_every_room_and_nothing_else():
    rows = [row.split("|")[1] for row in ROOMS.splitlines() if row.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"\w+", row)}
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    assert named == folders | modules
