"""The page and its files."""

from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

ASSETS = files("pianotrans.web") / "assets"
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
    return _answer(ASSETS / "page.html")


@router.get("/assets/{name}")
async def get_asset(name: str) -> Response:
    """A file of the page; only names that are there, so nothing else can be reached."""
    for asset in ASSETS.iterdir():
        if asset.name == name and _suffix(name) in _MEDIA_TYPES:
            return _answer(asset)
    raise HTTPException(404, "No such file.")


def _answer(asset: Traversable) -> Response:
    return Response(asset.read_bytes(), media_type=_MEDIA_TYPES[_suffix(asset.name)], headers=_HEADERS)


def _suffix(name: str) -> str:
    return f".{name.rpartition('.')[2]}"
