"""The wheel: that it holds the models and runs away from the checkout."""

import subprocess
import sys
import zipfile

import pytest

from pianotrans.shipped import models_folder
from tests.commands.driving import clip
from tests.conftest import REPOSITORY


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        str(folder),
        str(REPOSITORY),
    ]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    (path,) = folder.glob("pianotrans-*.whl")
    return path


@pytest.mark.slow
def test_the_wheel_holds_what_it_needs_and_nothing_else(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for name in (
        "py.typed",
        "_models/registry.toml",
        "_models/transkun-v2/config.toml",
        "_models/transkun-v2/training.toml",
        "_models/tiny/training.toml",
        "_models/beats/config.toml",
        "_models/beats/training.toml",
        "_models/beats/without-asap.toml",
        "_models/meter/config.toml",
        "_models/meter/training.toml",
        "_models/meter/without-asap.toml",
        "_models/hands/config.toml",
        "_models/hands/training.toml",
        "_models/hands/without-asap.toml",
        "views/assets/report.html",
        "views/assets/shared/roll.js",
        "views/assets/piano/69.mp3",
        "views/assets/piano/CREDITS.md",
        "web/assets/page.html",
    ):
        assert f"pianotrans/{name}" in names
    weights = {
        f"pianotrans/_models/{path.parent.name}/{path.name}" for path in models_folder().glob("*/*.safetensors")
    }
    assert names >= weights
    assert not [name for name in names if name.startswith(("tests/", "data/"))]


@pytest.mark.slow
def test_an_installed_copy_transcribes_away_from_the_checkout(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    command = [
        sys.executable,
        "-c",
        "from pianotrans.commands import main; main()",
        "transcribe",
        "--model",
        "tiny",
    ]
    command += [str(clip(tmp_path / "song.flac", 0.5)), "-o", "out.mid"]
    # Half a second of sound is decoded before a copy in a new place has compiled its loops.
    environment = {"PYTHONPATH": str(tmp_path / "site"), "PATH": "", "NUMBA_DISABLE_JIT": "1"}
    subprocess.run(command, check=True, cwd=tmp_path, env=environment)
    assert (tmp_path / "out.mid").read_bytes()[:4] == b"MThd"
