"""The limit on the memory of decoding: what it refuses, and that it is gone afterwards."""

import subprocess
import sys
from pathlib import Path

import pytest

from pianotrans import memory
from pianotrans.errors import AudioError
from pianotrans.memory import decoded, decoding, limited_decoding

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="cannot be limited there")


@pytest.fixture(autouse=True)
def nothing_limited_yet(monkeypatch: pytest.MonkeyPatch):
    """The station of a cluster, which other tests run in this process, limits it as long as the process lives."""
    monkeypatch.setattr(memory, "_n_limited", 0)


_READ = """
import sys
from pianotrans.audio import open_audio
from pianotrans.errors import AudioError
from pianotrans.memory import limited_decoding

def peak_mb():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1000

import av, soundfile
before = peak_mb()
with limited_decoding():
    try:
        with open_audio(sys.argv[1]) as reader:
            print(sum(block.shape[1] for block in reader.blocks()) / reader.info.sample_rate)
    except AudioError as error:
        print(error)
print(peak_mb() - before)
"""


@LINUX
@pytest.mark.shared
@pytest.mark.parametrize("name", ["mp4_index_60M.mp4", "mp4_index_20Mx4.mp4", "id3_zlib_200M.mp3"])
def test_files_made_to_use_up_memory_do_not(shared: Path, name: str):
    """Without the limit they take 0.6 to 2.8 GB."""
    path = shared / "field" / "attack" / name
    run = subprocess.run([sys.executable, "-c", _READ, path], capture_output=True, text=True, check=True)
    said, peak_mb = run.stdout.splitlines()
    assert float(peak_mb) < 700
    if path.suffix == ".mp3":
        assert float(said) > 1
    else:
        assert said.startswith(f"{path}: ")


def hungry() -> int:
    return len(bytearray(2 * 10**9))


@LINUX
def test_memory_beyond_the_limit_is_an_error_of_the_recording():
    message = r"^a\.wav: needs more than 0\.5 GB of memory"
    with limited_decoding(), pytest.raises(AudioError, match=message), decoding("a.wav"):
        hungry()
    with limited_decoding(), pytest.raises(AudioError, match=message):
        list(decoded((hungry() for _ in range(2)), "a.wav"))


@LINUX
def test_only_decoding_is_limited_and_only_where_asked():
    with decoding("a.wav"):
        assert hungry()
    with limited_decoding():
        assert hungry()
        with decoding("a.wav"):
            pass
        for item in decoded(iter([1]), "a.wav"):
            assert hungry() > item
    with decoding("a.wav"):
        assert hungry()


@LINUX
def test_threads_that_decode_at_the_same_time_leave_no_limit_behind():
    import resource

    before = resource.getrlimit(resource.RLIMIT_DATA)
    with limited_decoding():
        first, second = decoding("a.wav"), decoding("b.wav")
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert resource.getrlimit(resource.RLIMIT_DATA) != before, "the second is still at it"
        second.__exit__(None, None, None)
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


@LINUX
def test_blocks_that_end_in_another_order_than_they_began_leave_nothing_limited():
    first, second = limited_decoding(), limited_decoding()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    with pytest.raises(AudioError), decoding("a.wav"):
        hungry()
    second.__exit__(None, None, None)
    with decoding("a.wav"):
        assert hungry()


@LINUX
def test_a_stricter_limit_of_the_user_is_kept():
    import resource

    before = resource.getrlimit(resource.RLIMIT_DATA)
    strict = (10**9, before[1])
    used = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
    if used > strict[0] - 10**8:
        pytest.skip("this process is too large for the test")
    resource.setrlimit(resource.RLIMIT_DATA, (used + 10**8, before[1]))
    try:
        with limited_decoding(), decoding("a.wav"):
            assert resource.getrlimit(resource.RLIMIT_DATA)[0] == used + 10**8
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def test_where_nothing_can_be_limited_all_goes_on(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pianotrans.memory._data_bytes", lambda: None)
    with limited_decoding(), decoding("a.wav"):
        assert list(decoded(iter("ab"), "a.wav")) == ["a", "b"]


def test_a_memory_error_names_the_recording():
    def fails():
        yield 1
        raise MemoryError

    with pytest.raises(AudioError, match=r"^a\.wav: needs more than"):
        list(decoded(fails(), "a.wav"))
