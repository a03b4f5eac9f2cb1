"""Optional parts of the installation: whether they are there, and the command that installs them."""

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
    "train": ("lightning_fabric", "tensorboard", "tomli_w"),
}


def require(extra: str) -> None:
    """Make sure that an extra of this package is installed, without importing any of it.

    Raises ExtraError with a command that installs it, for the place that this copy was installed from.
    """
    missing = [name for name in _MODULES[extra] if find_spec(name) is None]
    if missing:
        raise ExtraError(f"{', '.join(missing)}: not installed. Run: {install_command(extra)}")


def install_command(extra: str) -> str:
    """A command that installs an extra beside this copy: from its checkout, its wheel or its index."""
    try:
        installed = distribution(PACKAGE)
    except PackageNotFoundError:  # the package is found by its path alone
        return _pip(f"{_checkout()}[{extra}]")
    url = _direct_url(installed)
    if url is None:
        return _pip(f"{PACKAGE}[{extra}]")
    place = Path(unquote(urlsplit(url).path)) if url.startswith("file:") else None
    if place is None:
        return _pip(f"{PACKAGE}[{extra}] @ {url}")
    if place.exists():
        return _pip(f"{place}[{extra}]")
    return _pip(*_requirements(extra))  # the wheel or the checkout is gone: what it asks for is still known


def _pip(*what: str) -> str:
    return shlex.join(["python", "-m", "pip", "install", *what])


def _checkout() -> Path:
    return Path(__file__).resolve().parent.parent


def _direct_url(installed: Distribution) -> str | None:
    """Where the package was installed from, if not from an index (PEP 610)."""
    text = installed.read_text("direct_url.json")
    return None if text is None else str(json.loads(text)["url"])


def _requirements(extra: str) -> list[str]:
    """The requirements of an extra, without its marker."""
    marker = re.compile(rf"""extra\s*==\s*["']{re.escape(extra)}["']""")
    return [one.partition(";")[0].strip() for one in requires(PACKAGE) or () if marker.search(one)]
