"""The command that installs an extra works from wherever this copy was installed."""

import json
import shlex
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest

from pianotrans import extras
from pianotrans.errors import ExtraError
from pianotrans.extras import install_command, require
from tests.conftest import REPOSITORY


class Installed:
    """What importlib.metadata knows of a copy whose direct_url.json holds this."""

    def __init__(self, direct_url: dict[str, Any] | None):
        self._direct_url = direct_url

    def read_text(self, name: str) -> str | None:
        assert name == "direct_url.json"
        return None if self._direct_url is None else json.dumps(self._direct_url)


def installed_as(monkeypatch: pytest.MonkeyPatch, direct_url: dict[str, Any] | None) -> list[str]:
    """The arguments of `pip install` for a copy that was installed like this."""
    monkeypatch.setattr(extras, "distribution", lambda _: Installed(direct_url))
    return arguments(install_command("train"))


def arguments(command: str) -> list[str]:
    words = shlex.split(command)
    assert words[:4] == ["python", "-m", "pip", "install"]
    return words[4:]


def test_from_an_index(monkeypatch: pytest.MonkeyPatch):
    assert installed_as(monkeypatch, None) == ["pianotrans[train]"]


def test_from_a_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    checkout = tmp_path / "with a space"
    checkout.mkdir()
    url = {"url": checkout.as_uri(), "dir_info": {"editable": True}}
    assert installed_as(monkeypatch, url) == [f"{checkout}[train]"]


def test_from_a_wheel_that_is_still_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    wheel = tmp_path / "pianotrans-0.1.0-py3-none-any.whl"
    wheel.touch()
    assert installed_as(monkeypatch, {"url": wheel.as_uri(), "archive_info": {}}) == [f"{wheel}[train]"]


def test_from_a_wheel_that_has_gone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """What the extra asks for is in the metadata."""
    asked = ["numpy>=2", "lightning-fabric<3,>=2.4; extra == 'train'", "ray; extra == 'cluster'"]
    monkeypatch.setattr(extras, "requires", lambda _: asked)
    gone = tmp_path / "pianotrans-0.1.0-py3-none-any.whl"
    assert installed_as(monkeypatch, {"url": gone.as_uri(), "archive_info": {}}) == ["lightning-fabric<3,>=2.4"]


def test_from_a_repository(monkeypatch: pytest.MonkeyPatch):
    url = {"url": "https://example.org/pianotrans.zip", "archive_info": {}}
    assert installed_as(monkeypatch, url) == ["pianotrans[train] @ https://example.org/pianotrans.zip"]


def test_without_metadata(monkeypatch: pytest.MonkeyPatch):
    """A copy on the path that nobody installed: the checkout itself."""

    def missing(_: str) -> Installed:
        raise PackageNotFoundError

    monkeypatch.setattr(extras, "distribution", missing)
    assert arguments(install_command("cluster")) == [f"{REPOSITORY}[cluster]"]


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "tensorboard" else object())
    with pytest.raises(ExtraError, match=r"^tensorboard: not installed. Run: python -m pip install ") as caught:
        require("train")
    assert caught.value.exit_code == 2
    require("cluster")
