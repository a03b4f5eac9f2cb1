"""Rooms that are quick to import: nothing heavy is loaded before it is needed."""

import subprocess
import sys

import pytest

# In this order, in one process: what a room may load is seen before a later one has loaded more.
ROOMS = {
    "datasets": {"torch", "mido", "pretty_midi", "mir_eval", "scipy", "matplotlib"},
    "events": {"torch", "mido", "pretty_midi", "scipy"},
    "edits": {"torch", "mido", "pretty_midi", "scipy"},
    "audio": {"torch", "av", "librosa"},
}

_IMPORT = """
import importlib, sys
for room in sys.argv[1:]:
    importlib.import_module(f"pianotrans.{room}")
    print(room, *sys.modules)
"""


@pytest.fixture(scope="module")
def loaded() -> dict[str, set[str]]:
    """All modules that are loaded after the import of each room."""
    command = [sys.executable, "-c", _IMPORT, *ROOMS]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return {room: set(modules) for room, *modules in map(str.split, lines)}


@pytest.mark.parametrize("room", ROOMS)
def test_importing_a_room_loads_nothing_heavy(room: str, loaded: dict[str, set[str]]):
    assert f"pianotrans.{room}" in loaded[room]
    assert loaded[room].isdisjoint(ROOMS[room])
