"""Stream the body of a request to a file, within limits; on any failure nothing remains of it."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import BinaryIO

from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from pianotrans.web.folders import JobFolder
from pianotrans.web.space import DiskFullError, is_disk_full

_BLOCK_BYTES = 256 * 1024
_BLOCK_TIMEOUT_S = 60.0  # for each block: at least 4 KB per second


CheckSpace = Callable[[int], None]
"""Raises DiskFullError unless there is space for so many bytes."""


def check_announced(headers: Headers, max_bytes: int, check_space: CheckSpace) -> None:
    """Refuse early, by its headers, a form, and an upload that is too large for the limit or the disk."""
    if headers.get("content-type", "").startswith("multipart/"):
        raise HTTPException(415, "This is a form. Send the file itself as the body: curl -T song.mp3 -X POST …")
    announced = headers.get("content-length", "")
    n_bytes = int(announced) if announced.isdecimal() else 0
    if n_bytes > max_bytes:
        raise too_large(max_bytes)
    check_space(n_bytes)


async def receive(
    chunks: AsyncIterator[bytes], folder: JobFolder, max_bytes: int, check_space: CheckSpace = lambda _: None
) -> int:
    """Write a body to a job's recording and flush it to disk; returns its size in bytes.

    Raises HTTPException: 400 interrupted, 408 too slow, 413 too large, 422 empty, 507 cannot be written; or the
    DiskFullError of `check_space`, which is called again and again. The folder is then removed.
    """
    try:
        await run_in_threadpool(folder.make)
        n_bytes = await _write(chunks, folder.upload, max_bytes, check_space)
        if not n_bytes:
            raise HTTPException(422, "The file is empty (0 bytes). Send a recording.")
        await run_in_threadpool(folder.upload.rename, folder.recording)
    except asyncio.CancelledError:
        folder.remove()  # the server shuts down: nothing can be awaited, and no request has to wait
        raise
    except Exception as error:
        await run_in_threadpool(folder.remove)
        if isinstance(error, OSError):
            raise cannot_write(error) from error
        if isinstance(error, ClientDisconnect):
            raise HTTPException(400, "The upload was interrupted.") from None
        raise
    return n_bytes


async def read_small(chunks: AsyncIterator[bytes], max_bytes: int) -> bytes:
    """A body that is kept in memory. Raises HTTPException: 400 interrupted, 408 too slow, 413 too large."""
    body = bytearray()
    try:
        async for block in _blocks(chunks):
            body += block
            if len(body) > max_bytes:
                raise too_large(max_bytes)
    except ClientDisconnect:
        raise HTTPException(400, "The upload was interrupted.") from None
    return bytes(body)


async def _write(chunks: AsyncIterator[bytes], path: Path, max_bytes: int, check_space: CheckSpace) -> int:
    file = await run_in_threadpool(path.open, "xb", 0)
    try:
        n_bytes = 0
        async for block in _blocks(chunks):
            n_bytes += len(block)
            if n_bytes > max_bytes:
                raise too_large(max_bytes)
            await run_in_threadpool(check_space, len(block))
            await run_in_threadpool(_write_all, file, block)
        await run_in_threadpool(os.fsync, file.fileno())
        return n_bytes
    finally:
        file.close()


async def _blocks(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in larger blocks, because every write changes threads, which is expensive."""
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
            raise HTTPException(408, "The upload is too slow. Try again.") from None
        if block:
            yield bytes(block)


def _write_all(file: BinaryIO, block: bytes) -> None:
    view = memoryview(block)
    while view:
        view = view[file.write(view) :]


def too_large(max_bytes: int) -> HTTPException:
    """The error response to a file that is too large."""
    return HTTPException(413, f"The file is larger than {max_bytes / 2**20:g} MiB, the limit of this server.")


def cannot_write(error: OSError) -> HTTPException:
    """The error to raise if the file cannot be written. It tells no paths of the server."""
    if is_disk_full(error):
        return HTTPException(507, str(DiskFullError()))
    return HTTPException(507, f"The server cannot write the file ({error.strerror or type(error).__name__}).")


def new_id() -> str:
    """A random id for a job, which cannot be guessed."""
    return secrets.token_hex(16)
