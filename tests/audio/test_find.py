"""Recordings in folders."""

import sys
import tempfile
from pathlib import Path

import pytest

from pianotrans.audio import AUDIO_SUFFIXES, find_audio
from pianotrans.errors import AudioError
from tests.commands.driving import as_nobody


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_recordings_are_found_in_order(tmp_path: Path):
    expected = [
        touch(tmp_path / name) for name in ["B.WAV", "a/2.flac", "a/b/1.mp3", "a/b/ü.Opus", "c.m4a", "d.mp4"]
    ]
    for name in ["notes.txt", "c.mid", ".hidden.wav", ".git/x.wav", "a/.wav", "wav", "a/noise.wav.part"]:
        touch(tmp_path / name)
    (tmp_path / "folder.wav").mkdir()
    assert find_audio(tmp_path) == sorted(expected)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links(tmp_path: Path):
    take = touch(tmp_path / "music" / "take.wav")
    (tmp_path / "music" / "loop").symlink_to(tmp_path / "music")
    (tmp_path / "music" / "dead.wav").symlink_to(tmp_path / "nowhere.wav")
    link = tmp_path / "music" / "linked.wav"
    link.symlink_to(touch(tmp_path / "elsewhere.wav"))
    assert find_audio(tmp_path / "music") == [link, take]
    root = tmp_path / "root"
    root.symlink_to(tmp_path / "music")
    assert find_audio(root) == [root / "linked.wav", root / "take.wav"]


def test_empty_folder(tmp_path: Path):
    assert find_audio(tmp_path) == []


def test_what_is_not_a_folder(tmp_path: Path):
    with pytest.raises(AudioError, match=r"nowhere: cannot be read as a folder \(No such file"):
        find_audio(tmp_path / "nowhere")
    with pytest.raises(AudioError, match=r"take\.wav: cannot be read as a folder \(Not a directory"):
        find_audio(touch(tmp_path / "take.wav"))


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are another matter there")
def test_unreadable_folder():
    with tempfile.TemporaryDirectory() as name:  # not tmp_path: its parents are closed to others
        root = Path(name)
        root.chmod(0o755)
        closed, *others = (touch(root / place) for place in ("closed/take.wav", "a.wav", "d/b.wav"))
        closed.parent.chmod(0)
        refused: list[tuple[str, Path]] = []
        try:
            with as_nobody():
                with pytest.raises(AudioError, match=r"closed: cannot be read as a folder \(Permission denied"):
                    find_audio(root)
                assert find_audio(root, lambda error, folder: refused.append((str(error), folder))) == others
                with pytest.raises(AudioError, match=r"closed: cannot be read"):
                    find_audio(closed.parent, lambda *_: None)
        finally:
            closed.parent.chmod(0o700)
    ((reason, folder),) = refused
    assert folder == closed.parent
    assert reason.startswith(f"{folder}: cannot be read as a folder (Permission denied)")


def test_suffixes():
    assert {".wav", ".flac", ".mp3", ".m4a", ".ogg", ".opus", ".mp4", ".webm", ".wma"} <= set(AUDIO_SUFFIXES)
    assert len(set(AUDIO_SUFFIXES)) == len(AUDIO_SUFFIXES)
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in AUDIO_SUFFIXES)
