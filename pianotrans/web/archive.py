"""The results of many jobs in one zip file, written while it is being sent."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from pianotrans.web.folders import JobFolders
from pianotrans.web.job import Job, download_name
from pianotrans.workers.formats import DEFAULT_FORMAT, suffix_of

_BLOCK_BYTES = 256 * 1024


def zipped(jobs: Iterable[Job], formats: Iterable[str], folders: JobFolders) -> Iterator[bytes]:
    """A zip file in pieces; memory does not grow with its size. What was deleted meanwhile is left out."""
    outlet = _Outlet()
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, path in named_files(jobs, list(formats), folders):
            try:
                with path.open("rb") as source, archive.open(zipfile.ZipInfo.from_file(path, name), "w") as target:
                    while block := source.read(_BLOCK_BYTES):
                        target.write(block)
                        yield outlet.drain()
            except FileNotFoundError:
                continue
            yield outlet.drain()
    yield outlet.drain()


def named_files(jobs: Iterable[Job], formats: list[str], folders: JobFolders) -> Iterator[tuple[str, Path]]:
    """The files with names that are all different, even where case does not count: song.mid, song (2).mid."""
    taken: set[str] = set()
    for job in jobs:
        stem = _free_stem(PurePosixPath(download_name(job.name, DEFAULT_FORMAT)).stem, taken)
        taken.add(stem.casefold())
        for name in formats:
            yield stem + suffix_of(name), folders.of(job.id).result(name)


def _free_stem(stem: str, taken: set[str]) -> str:
    free, number = stem, 1
    while free.casefold() in taken:
        number += 1
        free = f"{stem} ({number})"
    return free


class _Outlet(io.RawIOBase):
    """Takes in what a zip file is made of and gives it out again."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:  # type: ignore[no-untyped-def]
        self._pieces.append(bytes(data))
        return len(data)

    def drain(self) -> bytes:
        data, self._pieces = b"".join(self._pieces), []
        return data
