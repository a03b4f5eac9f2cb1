"""Recordings in folders."""

import os
import sys
from pathlib import Path

import pytest

from pianotrans.audio import AUDIO_SUFFIXES, find_audio
from pianotrans.errors import AudioError


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
def test_unreadable_folder(tmp_path: Path):
    touch(tmp_path / "closed" / "take.wav")
    (tmp_path / "closed").chmod(0)
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(65534)
    try:
        with pytest.raises(AudioError, match=r"cannot be read as a folder \(Permission denied"):
            find_audio(tmp_path)
    finally:
        if was_root:
            os.seteuid(0)
        (tmp_path / "closed").chmod(0o700)


def test_suffixes():
    assert {".wav", ".flac", ".mp3", ".m4a", ".ogg", ".opus", ".mp4", ".webm", ".wma"} <= set(AUDIO_SUFFIXES)
    assert len(set(AUDIO_SUFFIXES)) == len(AUDIO_SUFFIXES)
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in AUDIO_SUFFIXES)
