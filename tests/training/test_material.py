"""What the model `small` learns from, and what it must not have heard."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from pianotrans.events import Note, Pedal, Performance, load_midi
from tests.conftest import REPOSITORY

SCRIPT = REPOSITORY / "data" / "make_training_material.py"
EXCERPTS = REPOSITORY / "data" / "make_excerpts.py"
PIANOS = ("grand", "one", "two", "validation")


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


def test_excerpts_of_what_may_be_rendered_in_folders_for_each_piano(tmp_path: Path):
    """Forty pieces, of which some may not be rendered and some are for testing; one lasts three minutes."""
    asap = tmp_path / "asap"
    (asap / "performances").mkdir(parents=True)
    lines = []
    for i in range(40):
        split, render = ("test" if i % 10 == 3 else "train"), ("no" if i % 10 == 4 else "yes")
        lines.append((f"p{i}", "Composer", f"piece{i:02}", split, render))
        n_notes = 180 if i == 0 else 20
        notes = tuple(Note(float(t), t + 0.9, 40 + t % 40, 64) for t in range(n_notes))
        Performance(notes, (Pedal(0.5, n_notes - 1.0, "sustain"),)).save(asap / "performances" / f"p{i}.mid")
    with (asap / "performances.csv").open("w", newline="", encoding="utf-8") as table:
        writer = csv.writer(table)
        writer.writerow(("id", "composer", "title", "split", "render"))
        writer.writerows(lines)
    command = [sys.executable, EXCERPTS, asap, tmp_path / "out", *PIANOS[:-1]]
    subprocess.run([str(word) for word in command], check=True)
    made = {folder: sorted(path.stem for path in (tmp_path / "out" / folder).iterdir()) for folder in PIANOS}
    assert {stem.split("_")[0] for stems in made.values() for stem in stems} == {
        name for name, _, _, split, render in lines if (split, render) == ("train", "yes")
    }
    assert len(made["validation"]) == 2, "every sixteenth composition"
    assert len(made["grand"]) == pytest.approx(len(made["one"]) + len(made["two"]), abs=1)
    halves = [load_midi(path) for path in sorted((tmp_path / "out").rglob("p0_?.mid"))]
    assert len(halves) == 2
    assert {note.key - 40 for half in halves for note in half.notes} <= set(range(40))
    for half in halves:
        assert 55 <= len(half.notes) <= 60
        assert half.notes[0].onset_s < 1.0
        assert half.end_s <= 60.0
        assert half.pedals[0].onset_s == 0.0 or half.pedals[0].onset_s == pytest.approx(0.5)
