"""Optional dependencies: check that they are installed, and name the command that installs them."""

import json
import re
import shlex
from importlib.metadata import Distribution, PackageNotFoundError, distribution, requires
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pianotrans.errors import ExtraError

PACKAGE = "pianotrans"
_MODULES = {
    "cluster": ("ray", "s3fs", "upath"),
    "live": ("sounddevice", "rtmidi2"),
    "onnx": ("onnx", "onnxscript"),
    "score": ("verovio", "typst"),
    "train": ("lightning_fabric", "tensorboard", "tomli_w"),
}


def require(extra: str) -> None:
    """Check that an extra of this package is installed, without importing it.

    Raises ExtraError with a command that installs it from where this copy of the package came from.
    """
    if missing := _missing(extra):
        raise ExtraError(f"{', '.join(missing)}: not installed. Run: {install_command(extra)}")


def is_installed(extra: str) -> bool:
    """Whether all of an extra is installed."""
    return not _missing(extra)


def _missing(extra: str) -> list[str]:
    return [name for name in _MODULES[extra] if find_spec(name) is None]


def install_command(extra: str) -> str:
    """A command that installs an extra for this copy: from its checkout, its wheel or its index."""
    try:
        installed = distribution(PACKAGE)
    except PackageNotFoundError:  # not installed, only on the path
        return _pip(f"{_checkout()}[{extra}]")
    url = _direct_url(installed)
    if url is None:
        return _pip(f"{PACKAGE}[{extra}]")
    place = Path(unquote(urlsplit(url).path)) if url.startswith("file:") else None
    if place is None:
        return _pip(f"{PACKAGE}[{extra}] @ {url}")
    if place.exists():
        return _pip(f"{place}[{extra}]")
    return _pip(*_requirements(extra))  # the wheel or checkout is gone, but its requirements are known


def _pip(*what: str) -> str:
    return shlex.join(["python", "-m", "pip", "install", *what])


def _checkout() -> Path:
    return Path(__file__).resolve().parent.parent


def _direct_url(installed: Distribution) -> str | None:
    """The URL that the package was installed from (PEP 610); None if it came from an index."""
    text = installed.read_text("direct_url.json")
    return None if text is None else str(json.loads(text)["url"])


def _requirements(extra: str) -> list[str]:
    """The requirements of an extra, without its marker."""
    marker = re.compile(rf"""extra\s*==\s*["']{re.escape(extra)}["']""")
    return [one.partition(";")[0].strip() for one in requires(PACKAGE) or () if marker.search(one)]
