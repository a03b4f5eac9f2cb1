"""Bodies on their way to the disk: whatever goes wrong, nothing stays."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import HTTPException
from starlette.requests import ClientDisconnect

from pianotrans.web import uploads
from pianotrans.web.folders import JobFolder
from pianotrans.web.uploads import receive


async def chunks(*parts: bytes | BaseException, pause_s: float = 0.0) -> AsyncIterator[bytes]:
    for part in parts:
        await asyncio.sleep(pause_s)
        if isinstance(part, BaseException):
            raise part
        yield part


def refusal(body: AsyncIterator[bytes], folder: Path, max_bytes: int = 2**20) -> tuple[int, str]:
    with pytest.raises(HTTPException, match=r".") as caught:
        asyncio.run(receive(body, JobFolder(folder / "job"), max_bytes))
    assert list(folder.iterdir()) == []
    return caught.value.status_code, caught.value.detail


def test_a_body_is_written_as_it_comes(tmp_path: Path):
    parts = [os.urandom(n) for n in (0, 1, 300_000, 5, 700_000, 0)]
    folder = JobFolder(tmp_path / "job")
    assert asyncio.run(receive(chunks(*parts), folder, 2**20)) == 1_000_006
    assert folder.recording.read_bytes() == b"".join(parts)


def test_a_body_may_be_as_large_as_the_limit_and_no_larger(tmp_path: Path):
    assert refusal(chunks(b"x" * 1000, b"y"), tmp_path, 1000) == (
        413,
        "The file is larger than 0.000953674 MiB, the limit of this server.",
    )
    assert asyncio.run(receive(chunks(b"x" * 1000), JobFolder(tmp_path / "job"), 1000)) == 1000


def test_a_body_that_never_ends_is_not_read_for_long(tmp_path: Path):
    async def endless() -> AsyncIterator[bytes]:
        nonlocal n
        while True:
            n += 1
            yield b"x" * 65536

    n = 0
    assert refusal(endless(), tmp_path)[0] == 413
    assert n < 2 * 2**20 / 65536


def test_nothing_at_all(tmp_path: Path):
    assert refusal(chunks(), tmp_path) == (422, "The file is empty (0 bytes). Send a recording.")


def test_broken_off(tmp_path: Path):
    assert refusal(chunks(b"x" * 500_000, ClientDisconnect()), tmp_path) == (400, "The upload was interrupted.")


def test_too_slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(uploads, "_BLOCK_TIMEOUT_S", 0.05)
    assert refusal(chunks(*[b"x"] * 100, pause_s=0.02), tmp_path) == (
        408,
        "The upload is too slow. Try again.",
    )


def test_cancelled(tmp_path: Path):
    async def cancel() -> None:
        task = asyncio.create_task(receive(chunks(b"x", pause_s=10), JobFolder(tmp_path / "job"), 1000))
        await asyncio.sleep(0.05)
        assert (tmp_path / "job").exists()
        task.cancel()
        with pytest.raises(asyncio.CancelledError, match=r"^$"):
            await task

    asyncio.run(cancel())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "words"), [(errno.ENOSPC, "disk is full"), (errno.EIO, "cannot write the file")]
)
def test_a_disk_that_takes_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str):
    def fail(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(uploads, "_write_all", fail)
    code, detail = refusal(chunks(b"x"), tmp_path)
    assert code == 507
    assert words in detail
