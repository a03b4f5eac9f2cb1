"""The READMEs of the repository, and the blocks of commands and of Python in them."""

import re
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import REPOSITORY

FILES = [
    path.relative_to(REPOSITORY)
    for pattern in ("README.md", "data/README.md", "models/*/README.md", "pianotrans/**/README.md", ".github/*.md")
    for path in sorted(REPOSITORY.glob(pattern))
]


@dataclass(frozen=True)
class Block:
    """A block of commands or of Python in a README."""

    file: Path
    language: str
    text: str

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    def mentions(self, *words: str) -> bool:
        return any(word in self.text for word in words)


def text_of(file: Path) -> str:
    return (REPOSITORY / file).read_text(encoding="utf-8")


def blocks(language: str) -> list[Block]:
    pattern = rf"^```{language}\n(.*?)^```"
    return [
        Block(file, language, text) for file in FILES for text in re.findall(pattern, text_of(file), re.S | re.M)
    ]


def ids(some: list[Block]) -> list[str]:
    return [f"{one.file}: {one.lines[0]}" for one in some]


SHELL, PYTHON = blocks("sh"), blocks("python")
