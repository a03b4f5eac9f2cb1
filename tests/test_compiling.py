"""Compiled functions, where they can be kept and where they cannot."""

import os
from pathlib import Path

import pytest

SOURCE = """
from pianotrans.compiling import compiled

@compiled()
def add(x, y):
    return x + y
"""


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A module with a compiled function, and a folder of its own for what numba keeps."""
    path = tmp_path / "source" / "adding.py"
    path.parent.mkdir()
    path.write_text(SOURCE)
    return path


def loaded(module: Path):
    """The function of the module, as a new process would have it."""
    space: dict = {"__name__": "adding", "__file__": str(module)}
    exec(compile(module.read_text(), str(module), "exec"), space)
    return space["add"]


def kept(module: Path) -> list[Path]:
    return sorted((module.parent / "__pycache__").glob("adding.add-*"))


def test_what_is_compiled_is_kept_and_used_again(module: Path):
    assert loaded(module)(1, 2) == 3
    assert kept(module)
    again = loaded(module)
    assert again(1, 2) == 3
    assert sum(again.stats.cache_hits.values()) == 1


def test_it_works_without_any_place_to_write(module: Path, monkeypatch: pytest.MonkeyPatch):
    (module.parent / "__pycache__").write_text("in the way of the folder, even for root")
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/cache")
    assert loaded(module)(1, 2) == 3
    assert not kept(module)


@pytest.mark.parametrize("content", [b"", b"junk" * 100])
def test_what_was_kept_may_be_damaged(module: Path, content: bytes):
    loaded(module)(1, 2)
    for path in kept(module):
        path.write_bytes(content)
    assert loaded(module)(1, 2) == 3


@pytest.mark.skipif(os.name != "posix", reason="no such limit there")
def test_a_full_disk_does_not_matter(module: Path):
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, limits[1]))  # Python ignores SIGXFSZ: writing raises
    try:
        assert loaded(module)(1, 2) == 3
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
