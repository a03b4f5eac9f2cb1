"""The results of many jobs as one zip file, created while it is sent."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from pianotrans.web.folders import JobFolders
from pianotrans.web.job import Job
from pianotrans.web.names import unique_stem
from pianotrans.workers.formats import suffix_of

_BLOCK_BYTES = 256 * 1024


def zipped(jobs: Iterable[Job], formats: Iterable[str], folders: JobFolders) -> Iterator[bytes]:
    """A zip file in pieces, in constant memory. Results that are deleted in the meantime are left out."""
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
    """The files, with names that are legal and unique on every system: song.mid, song (2).mid."""
    taken: set[str] = set()
    for job in jobs:
        stem = unique_stem(job.name, taken)
        for name in formats:
            yield stem + suffix_of(name), folders.of(job.id).result(name)


class _Outlet(io.RawIOBase):
    """Collects the bytes of a zip file until they are drained."""

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
