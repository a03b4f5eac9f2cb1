"""From the body of a request to a file: streamed, limited, and gone without a trace if anything is amiss."""

import asyncio
import errno
import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from pianotrans.web.folders import JobFolder

_BLOCK_BYTES = 256 * 1024
_BLOCK_TIMEOUT_S = 60.0  # for each block: 4 KB a second are the least
_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}


def check_announced(headers: Headers, max_bytes: int) -> None:
    """Refuse early what announces to be too large, or a form."""
    if headers.get("content-type", "").startswith("multipart/"):
        raise HTTPException(415, "This is a form. Send the file itself as the body: curl -T song.mp3 -X POST …")
    content_length = headers.get("content-length")
    if content_length is not None and content_length.isdecimal() and int(content_length) > max_bytes:
        raise too_large(max_bytes)


async def receive(chunks: AsyncIterator[bytes], folder: JobFolder, max_bytes: int) -> int:
    """Write a body to a job's recording and to the disk; returns its size in bytes.

    Raises HTTPException: 400 broken off, 408 too slow, 413 too large, 422 empty, 507 no space. Then nothing stays.
    """
    try:
        await run_in_threadpool(folder.make)
        n_bytes = await _write(chunks, folder.recording, max_bytes)
        if not n_bytes:
            raise HTTPException(422, "The file is empty (0 bytes). Send a recording.")
    except asyncio.CancelledError:
        folder.remove()  # the server ends: nothing can be awaited any more, and nobody is kept waiting
        raise
    except Exception as error:
        await run_in_threadpool(folder.remove)
        if isinstance(error, OSError):
            raise no_space(error) from error
        if isinstance(error, ClientDisconnect):
            raise HTTPException(400, "The upload was broken off.") from None
        raise
    return n_bytes


async def _write(chunks: AsyncIterator[bytes], path: Path, max_bytes: int) -> int:
    file = await run_in_threadpool(path.open, "xb", 0)
    try:
        n_bytes = 0
        async for block in _blocks(chunks):
            n_bytes += len(block)
            if n_bytes > max_bytes:
                raise too_large(max_bytes)
            await run_in_threadpool(_write_all, file, block)
        await run_in_threadpool(os.fsync, file.fileno())
        return n_bytes
    finally:
        file.close()


async def _blocks(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in larger pieces: a change of threads for each is dear."""
    iterator = aiter(chunks)
    is_over = False
    while not is_over:
        block = bytearray()
        try:
            async with asyncio.timeout(_BLOCK_TIMEOUT_S):
                while len(block) < _BLOCK_BYTES:
                    block += await anext(iterator)
        except StopAsyncIteration:
            is_over = True
        except TimeoutError:
            raise HTTPException(408, "The upload comes too slowly. Try again.") from None
        if block:
            yield bytes(block)


def _write_all(file: BinaryIO, block: bytes) -> None:
    view = memoryview(block)
    while view:
        view = view[file.write(view) :]


def too_large(max_bytes: int) -> HTTPException:
    """The refusal of a file that is too large."""
    return HTTPException(
        413, f"The file is larger than {max_bytes / 2**20:g} MiB, the most that this server takes."
    )


def no_space(error: OSError) -> HTTPException:
    """The refusal where the disk does not take more."""
    if error.errno in _DISK_FULL:
        return HTTPException(507, "No space is left on the server's disk. Delete some jobs and try again.")
    return HTTPException(507, f"The server's disk does not take the file ({error.strerror or error}).")


def new_id() -> str:
    """An id for a job that nobody can guess."""
    return secrets.token_hex(16)
