import errno
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from pianotrans.errors import OutputError
from pianotrans.files import make_folder, write_atomically


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file(tmp_path):
    write_atomically(tmp_path / "song.mid", b"new")
    assert (tmp_path / "song.mid").read_bytes() == b"new"
    assert names(tmp_path) == ["song.mid"]


def test_a_path_without_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_atomically("song.mid", b"new")
    assert names(tmp_path) == ["song.mid"]


def test_an_existing_file_is_kept_or_replaced(tmp_path):
    path = tmp_path / "song.mid"
    path.write_bytes(b"old")
    with pytest.raises(OutputError, match=r"^song.mid: already exists. Pass --overwrite to replace it.$"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    write_atomically(path, b"new", overwrite=True)
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["song.mid"]


@pytest.mark.parametrize("links", [True, False], ids=["hard links", "no hard links"])
def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path, monkeypatch, links):
    path = tmp_path / "song.mid"
    fsync = os.fsync

    def fsync_while_another_writes(descriptor):
        fsync(descriptor)
        path.write_bytes(b"theirs")

    def no_links(self, target):
        raise OSError(errno.EOPNOTSUPP, "no links here")

    monkeypatch.setattr(os, "fsync", fsync_while_another_writes)
    if not links:
        monkeypatch.setattr(Path, "hardlink_to", no_links)
    with pytest.raises(OutputError, match=r"song.mid: already exists"):
        write_atomically(path, b"ours")
    assert path.read_bytes() == b"theirs"
    assert names(tmp_path) == ["song.mid"]


def test_a_file_system_without_hard_links(tmp_path, monkeypatch):
    def no_links(self, target):
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(Path, "hardlink_to", no_links)
    write_atomically(tmp_path / "song.mid", b"new")
    assert (tmp_path / "song.mid").read_bytes() == b"new"

    def broken(self, target):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "replace", broken)
    with pytest.raises(OutputError, match=r"other.mid: cannot be written \(Input/output error\)"):
        write_atomically(tmp_path / "other.mid", b"new")
    assert names(tmp_path) == ["song.mid"]


def test_of_many_writers_one_wins(tmp_path):
    path, outcomes = tmp_path / "song.mid", []

    def write(i):
        try:
            write_atomically(path, b"%d" % i * 1000)
            outcomes.append(i)
        except OutputError:
            pass

    threads = [threading.Thread(target=write, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 1
    assert path.read_bytes() == b"%d" % outcomes[0] * 1000
    assert names(tmp_path) == ["song.mid"]


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_permissions_follow_the_umask(tmp_path, umask):
    before = os.umask(umask)
    try:
        write_atomically(tmp_path / "song.mid", b"new")
    finally:
        os.umask(before)
    assert (tmp_path / "song.mid").stat().st_mode & 0o777 == 0o666 & ~umask


@pytest.mark.skipif(os.name != "posix", reason="no such permissions there")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o664, 0o400, 0o000])
def test_a_replaced_file_keeps_its_permissions(tmp_path, mode):
    path = tmp_path / "song.mid"
    path.write_bytes(b"old")
    path.chmod(mode)
    write_atomically(path, b"new", overwrite=True)
    assert path.stat().st_mode & 0o777 == mode
    path.chmod(0o600)
    assert path.read_bytes() == b"new"


@pytest.mark.skipif(os.name != "posix", reason="no such permissions there")
def test_what_replaces_a_secret_is_never_readable_by_others(tmp_path, monkeypatch):
    path, seen = tmp_path / "song.mid", []
    path.write_bytes(b"old")
    path.chmod(0o600)
    fsync = os.fsync

    def look(descriptor):
        seen.append(os.fstat(descriptor).st_mode & 0o777)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", look)
    write_atomically(path, b"new", overwrite=True)
    assert seen == [0o600]


def test_a_missing_folder(tmp_path):
    with pytest.raises(OutputError, match=r"song.mid: the folder .*none does not exist. Create it, or choose"):
        write_atomically(tmp_path / "none" / "song.mid", b"new")


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_file_in_place_of_the_folder(tmp_path, overwrite):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"song.mid: .*file is not a folder. Choose another."):
        write_atomically(tmp_path / "file" / "song.mid", b"new", overwrite=overwrite)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_in_place_of_the_file(tmp_path, overwrite):
    (tmp_path / "song.mid").mkdir()
    with pytest.raises(OutputError, match=r"song.mid: is a folder. Name a file in it."):
        write_atomically(tmp_path / "song.mid", b"new", overwrite=overwrite)


def test_a_device_is_never_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OutputError, match=r"pipe: is a device or a pipe. Name a plain file."):
        write_atomically(tmp_path / "pipe", b"new", overwrite=True)
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize("mode", [0o555, 0o000])
def test_a_folder_that_may_not_be_written(mode):
    with tempfile.TemporaryDirectory() as name:  # not tmp_path: its parents are closed to others
        folder = Path(name)
        folder.chmod(mode)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        try:
            with pytest.raises(OutputError, match=r"song.mid: the folder .* is not writable. Change its perm"):
                write_atomically(folder / "song.mid", b"new")
        finally:
            os.seteuid(user)
            folder.chmod(0o700)
        assert names(folder) == []


def test_a_name_that_is_too_long(tmp_path):
    with pytest.raises(OutputError, match=r"a.mid: cannot be written \(File name too long\)"):
        write_atomically(tmp_path / ("a" * 300 + ".mid"), b"new")
    write_atomically(tmp_path / ("a" * 251 + ".mid"), b"the longest there is")
    assert len(names(tmp_path)) == 1


FULL_DISK = """
import resource, sys
from pianotrans.errors import OutputError
from pianotrans.files import write_atomically
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_atomically(sys.argv[1], bytes(5000), overwrite=True)
except OutputError as error:
    print(error)
"""


@pytest.mark.parametrize("before", [None, b"old"])
def test_a_full_disk(tmp_path, before):
    path = tmp_path / "song.mid"
    if before:
        path.write_bytes(before)
    done = subprocess.run([sys.executable, "-c", FULL_DISK, path], capture_output=True, text=True, check=True)
    (line,) = done.stdout.splitlines()
    assert line.startswith(f"song.mid: no space for 5000 bytes in {tmp_path}")
    assert names(tmp_path) == (["song.mid"] if before else [])
    if before:
        assert path.read_bytes() == before


INTERRUPTED = """
import os, signal, sys
from pianotrans.files import write_atomically
def stop(descriptor):
    os.kill(os.getpid(), int(sys.argv[2]))
os.fsync = stop
write_atomically(sys.argv[1], b"new", overwrite=True)
"""


@pytest.mark.parametrize("kill", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_write_leaves_the_old_file(tmp_path, kill):
    path = tmp_path / "song.mid"
    path.write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", INTERRUPTED, path, str(int(kill))], capture_output=True)
    assert done.returncode == -kill
    assert path.read_bytes() == b"old"
    left = [name for name in names(tmp_path) if name != "song.mid"]
    if kill == signal.SIGINT:
        assert left == []
    else:  # nobody can clean up after that; the name tells whose it is
        assert all(name.startswith(".pianotrans-") and name.endswith(".tmp") for name in left)


def test_folders_are_made(tmp_path: Path):
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    (tmp_path / "file").touch()
    with pytest.raises(
        OutputError, match=r"file.b: this folder cannot be made \(Not a directory\)\. Choose another"
    ):
        make_folder(tmp_path / "file" / "b")
