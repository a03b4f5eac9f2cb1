"""What the model `small` learns from, and what it must not have heard."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

SCRIPT = REPOSITORY / "data" / "make_training_material.py"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as table:
        return list(csv.DictReader(table))


def make_material(maps: Path, out: Path) -> list[dict[str, str]]:
    subprocess.run([sys.executable, str(SCRIPT), str(maps), str(out)], check=True)
    return rows(out / "pairs.csv")


@pytest.fixture
def maps(tmp_path: Path) -> Path:
    """Forty performances of twenty pieces to learn from, and one real recording of a piece that is among them."""
    folder = tmp_path / "maps"
    lines = []
    for piece in range(20):
        lines += [(f"train/p{piece}_{piano}", "train", piano) for piano in ("AkPnBcht", "StbgTGd2")]
    lines.append(("test/p3_ENSTDkCl", "test", "ENSTDkCl"))
    for name, _, _ in lines:
        for suffix in (".opus", ".mid"):
            path = folder / f"{name}{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name + suffix)
    with (folder / "pairs.csv").open("w", newline="", encoding="utf-8") as table:
        writer = csv.writer(table)
        writer.writerow(("audio", "midi", "split", "piano", "duration"))
        writer.writerows((f"{name}.opus", f"{name}.mid", split, piano, 1.0) for name, split, piano in lines)
    return folder


def test_real_recordings_are_left_out(maps: Path, tmp_path: Path):
    material = make_material(maps, tmp_path / "material")
    assert len(material) == 40
    assert {row["split"] for row in material} == {"train", "validation"}
    assert not list((tmp_path / "material").rglob("*ENSTDk*"))
    for row in material:
        assert (tmp_path / "material" / row["audio"]).read_text().startswith("train/")


def test_a_piece_is_learnt_from_or_validated_with_never_both(maps: Path, tmp_path: Path):
    material = make_material(maps, tmp_path / "material")
    pieces = {
        split: {Path(row["midi"]).stem.rpartition("_")[0] for row in material if row["split"] == split}
        for split in ("train", "validation")
    }
    assert all(pieces.values())
    assert not pieces["train"] & pieces["validation"]
    rendered = {path.stem for path in (tmp_path / "material" / "midi").iterdir()}
    assert rendered == pieces["train"]


@pytest.mark.shared
def test_of_the_shared_data_nothing_but_the_sampled_pianos(shared: Path, tmp_path: Path):
    """The five real recordings, and everything in maestro-mini, are for judging."""
    material = make_material(shared / "maps", tmp_path / "material")
    unheard = {Path(row["audio"]).name for row in rows(shared / "maps" / "pairs.csv") if row["split"] == "test"}
    unheard |= {path.name for path in (shared / "maestro-mini").rglob("*") if path.is_file()}
    heard = {Path(row[kind]).name for row in material for kind in ("audio", "midi")}
    assert len(material) > 50
    assert not heard & unheard
    assert not any("ENSTDk" in name for name in heard)
