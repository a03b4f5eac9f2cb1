"""The shape of the code base: which part may know of which, and what lies where (STYLE.md)."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGE = REPOSITORY / "pianotrans"

# What each part may import besides itself and BASICS. Arrows point one way: the order is a topological one.
BASICS = {
    "compiling",
    "drawing",
    "errors",
    "version",
    "files",
    "memory",
    "names",
    "processes",
    "quota",
    "extras",
    "piano",
    "remarks",
    "shipped",
    "tables",
    "weights",
}
ALLOWED: dict[str, set[str]] = {
    "audio": set(),
    "events": set(),
    "semicrf": set(),
    "score": {"events"},
    "edits": {"events", "score"},
    "network": {"semicrf"},
    "inference": {"audio", "events", "semicrf", "network"},
    "live": {"audio", "events", "network", "inference"},
    "datasets": {"audio", "events"},
    "evaluation": {"events", "datasets", "score"},
    "views": {"audio", "events", "score", "edits"},
    "workers": {"audio", "events", "inference", "live", "evaluation", "views", "score", "edits"},
    "batch": {"audio", "events", "inference", "datasets", "evaluation", "views", "workers", "score"},
    "web": {"audio", "events", "inference", "views", "workers", "score", "edits"},
    "training": {"audio", "events", "semicrf", "network", "inference", "datasets", "evaluation", "score"},
}
PARTS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))

VISIBLE_ROOT = {
    *("pianotrans", "models", "data", "tests"),
    *(
        "pyproject.toml",
        "cli.py",
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "CITATION.cff",
        "Makefile",
        "constraints.txt",
    ),
}


def sources(part: str) -> list[Path]:
    return sorted((PACKAGE / part).rglob("*.py"))


@cache
def tree_of(path: Path) -> ast.Module:
    """A parsed file; several tests walk through each."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes_of(path: Path) -> list[ast.AST]:
    return list(ast.walk(tree_of(path)))


def imported(path: Path) -> Iterator[str]:
    """Full names of what a file imports from the package, wherever in the file the import stands."""
    package = ".".join(path.relative_to(REPOSITORY).parent.parts)
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            up = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*up, *([node.module] if node.module else [])])
            names = [f"{module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == "pianotrans")


def parts_used(path: Path) -> set[str]:
    return {name.split(".")[1] if "." in name else name for name in imported(path)}


@pytest.mark.parametrize("part", PARTS)
def test_arrows_point_one_way(part: str):
    allowed = set(PARTS) | {"pianotrans"} if part == "commands" else ALLOWED[part]
    for path in sources(part):
        assert parts_used(path) <= allowed | BASICS | {part}, path.relative_to(REPOSITORY)


def test_the_basics_know_of_nothing():
    for name in BASICS:
        assert parts_used(PACKAGE / f"{name}.py") <= BASICS


def test_nobody_imports_the_commands():
    start = PACKAGE / "__main__.py"
    others = [path for path in PACKAGE.rglob("*.py") if PACKAGE / "commands" not in path.parents]
    assert start in others
    for path in set(others) - {start}:
        assert "commands" not in parts_used(path), path


def test_only_the_commands_print():
    for path in PACKAGE.rglob("*.py"):
        if PACKAGE / "commands" not in path.parents:
            calls = [node.func for node in nodes_of(path) if isinstance(node, ast.Call)]
            assert not [call for call in calls if isinstance(call, ast.Name) and call.id == "print"], path


def test_the_walk_sees_every_kind_of_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tests.test_architecture.REPOSITORY", tmp_path)
    file = tmp_path / "pianotrans" / "audio" / "x.py"
    file.parent.mkdir(parents=True)
    file.write_text(
        "import torch, pianotrans.web\n"
        "from pianotrans import batch\n"
        "def f():\n    from pianotrans.views.roll import draw\n    from .. import training\n"
        "    from ..semicrf import decode\n    from . import reader\n"
    )
    assert parts_used(file) == {"web", "batch", "views", "training", "semicrf", "audio"}


@pytest.mark.parametrize("part", PARTS)
def test_every_part_says_what_it_is(part: str):
    for path in (PACKAGE / part).rglob("__init__.py"):
        assert ast.get_docstring(tree_of(path)), path


# The repository


def tracked() -> list[Path]:
    """The files that git knows; skips where this is no checkout."""
    command = ["git", "-C", str(REPOSITORY), "ls-files", "-z"]
    try:
        listing = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no git checkout")
    names = [Path(name) for name in listing.split("\0") if name]
    return [name for name in names if (REPOSITORY / name).is_file()]


def test_the_visible_root_holds_nothing_else():
    visible = {name.parts[0] for name in tracked() if not name.parts[0].startswith(".")}
    assert visible <= VISIBLE_ROOT


def test_there_is_no_python_among_the_models():
    assert {path.suffix for path in tracked() if path.parts[0] == "models"} <= {".toml", ".md", ".safetensors"}


def test_no_text_names_a_registry_host_or_a_place_on_one_machine():
    hosts = [
        ".".join(parts)
        for parts in (("pypi", "org"), ("python" + "hosted", "org"), ("npmjs", "org"), ("npmjs", "com"))
    ]
    places = ["/".join(("", *parts, "")) for parts in (("work",), ("root",), ("home", "user"), ("Users",))]
    found = []
    for path in tracked():
        content = (REPOSITORY / path).read_bytes()
        if b"\0" in content:
            continue
        found += [f"{path}: {word}" for word in hosts + places if word in content.decode("utf-8")]
    assert found == []


def test_no_class_name_stands_twice():
    places: dict[str, list[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        for node in nodes_of(path):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(str(path.relative_to(PACKAGE)))
    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}
