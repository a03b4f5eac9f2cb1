"""The page and its files, and those that it shares with the report."""

from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

from pianotrans.views.bundling import json_for_script
from pianotrans.views.texts import read_texts

_FOLDERS = {"": files("pianotrans.web") / "assets", "shared/": files("pianotrans.views") / "assets" / "shared"}
_MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "media-src 'self' blob:; frame-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-cache",
}

router = APIRouter(include_in_schema=False)


@router.get("/")
async def show_page() -> Response:
    """The page."""
    return _answer("page.html")


@router.get("/assets/{name:path}")
async def get_asset(name: str) -> Response:
    """A file of the page."""
    return _answer(name)


def _answer(name: str) -> Response:
    if name not in assets():
        raise HTTPException(404, "No such file.")
    return Response(assets()[name], media_type=_MEDIA_TYPES[_suffix(name)], headers=_HEADERS)


@cache
def assets() -> dict[str, bytes]:
    """The files by name, read once: no other file can be reached."""
    found = {
        prefix + asset.name: asset.read_bytes()
        for prefix, folder in _FOLDERS.items()
        for asset in folder.iterdir()
        if _suffix(asset.name) in _MEDIA_TYPES
    }
    found["page.html"] = found["page.html"].replace(b"{{texts}}", json_for_script(read_texts()).encode())
    return found


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix
