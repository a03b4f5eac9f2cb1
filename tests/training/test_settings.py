"""Settings of a run: strict, whole, and the same after being written down."""

import tomllib
from dataclasses import replace

import pytest

from pianotrans.errors import ModelError, TrainingError
from pianotrans.inference.registry import find_model
from pianotrans.network.harmonic import HarmonicModelConfig
from pianotrans.shipped import models_folder
from pianotrans.training.beats.course import BeatCourse
from pianotrans.training.runs.run_folder import TrainingRecipe
from pianotrans.training.runs.settings import OptimisationSettings, TrainingSettings
from pianotrans.training.runs.settings_files import differences, read_settings, settings_of, settings_text
from pianotrans.training.transcription import make_model, make_state

RECIPES = sorted(path.parent.name for path in models_folder().glob("*/training.toml"))
TRANSCRIBERS = ["nano", "small", "tiny", "transkun-v2"]


def test_there_are_recipes():
    assert {name: TrainingRecipe.read(name).settings.kind for name in RECIPES} == {
        "beats": "beats",
        "hands": "hands",
        "meter": "meter",
        **dict.fromkeys(TRANSCRIBERS, "transcription"),
    }


@pytest.mark.parametrize("name", TRANSCRIBERS)
def test_shipped_recipes_can_be_started(name):
    """Every setting is understood and a model can be made of it, shrunk where it would take long."""
    recipe = TrainingRecipe.read(name)
    config = recipe.entry.config()
    is_harmonic = isinstance(config, HarmonicModelConfig)
    small = (
        config
        if is_harmonic
        else replace(config, transformer=replace(config.transformer, width=32, n_heads=2, n_layers=1))
    )
    state = make_state(make_model(small, recipe.settings), recipe.settings)
    assert state.step == 0
    assert state.model.training
    if not is_harmonic:  # which remembers as long as it must
        assert recipe.settings.chunks.length_s == config.segments.segment_s, "trained on what it will hear"


def test_the_published_recipe_is_the_default():
    assert TrainingRecipe.read("transkun-v2").settings == TrainingSettings()


def test_round_trip():
    settings = read_settings(
        models_folder() / "tiny" / "training.toml",
        [
            "seed=7",
            "optimisation.optimizer=adamw",
            'model="x"',
            "chunks.augmentation.noise=0",
            "chunks.shift=false",
        ],
    )
    assert (settings.seed, settings.optimisation.optimizer, settings.model) == (7, "adamw", "x")
    assert settings.chunks.augmentation.noise == 0.0
    assert not settings.chunks.shift
    assert settings_of(tomllib.loads(settings_text(settings)), "") == settings


def test_a_change_without_quotes_is_a_text(tmp_path):
    assert read_settings(written(tmp_path, ""), ["precision=bfloat16"]).precision == "bfloat16"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("step = 5", r"unknown setting step\. Known: model, seed, steps"),
        ("[optimisation]\nrate = 1.0", r"unknown setting rate in optimisation\. Known: optimizer, peak_rate"),
        ("[chunks.augmentation]\nreverb = 1", "unknown setting reverb in chunks.augmentation"),
        ("steps = 1.5", "steps = 1.5; a whole number is needed"),
        ("steps = true", "steps = True; a whole number is needed"),
        ('steps = "many"', "steps = 'many'; a whole number is needed"),
        ("steps = 0", "steps: 0 given; it must be more than 0"),
        ("workers = -1", "workers: -1 given; it must be 0 or more"),
        ("chunks = 3", "chunks is a group of settings, got 3"),
        ('precision = "float16"', "precision = 'float16'; one of float32, bfloat16 is needed"),
        ("[optimisation]\npeak_rate = inf", "optimisation.peak_rate = inf; a number is needed"),
        ("[optimisation]\nwarm_up = 2", "optimisation.warm_up: 2.0 given; it must be 0 to 1"),
        ("[optimisation]\naverage_decay = 1", "average_decay: 1.0 given; it must be at least 0 and less than 1"),
        ("steps = ", r"training.toml: not valid TOML"),
        ('kind = "dreams"', "kind = 'dreams'; one of transcription, beats, meter, hands"),
        ("kind = 3", "kind = 3; one of transcription, beats, meter, hands"),
        ('kind = "beats"\nclips_per_step = 3', "unknown setting clips_per_step"),
        ('kind = "beats"\ncuts = []', "cuts: "),
        ('kind = "beats"\nfall = 2', "fall: 2.0 given; it must be 0 to 1"),
        ('kind = "hands"\ncuts = [1]', "unknown setting cuts"),
        ('kind = "hands"\ncut = 0', "cut: 0 given; it must be more than 0"),
    ],
)
def test_refusals(tmp_path, text, message):
    with pytest.raises(TrainingError, match=message):
        read_settings(written(tmp_path, text))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("steps", "--set steps: name=value is needed"),
        ("=5", "--set =5: name=value is needed"),
        ("a.=5", r"--set a\.=5: name=value is needed"),
        ("seed.x=5", "--set seed.x=5: seed is a setting, not a group"),
        ("chunks=5", "chunks is a group of settings, got 5"),
        ("nonsense=5", "unknown setting nonsense"),
    ],
)
def test_refused_changes(tmp_path, change, message):
    with pytest.raises(TrainingError, match=message):
        read_settings(written(tmp_path, "seed = 1"), [change])


def test_a_missing_file(tmp_path):
    with pytest.raises(TrainingError, match="cannot be read"):
        read_settings(tmp_path / "none.toml")
    with pytest.raises(TrainingError, match=r"neither a recipe \(beats, .*, transkun-v2\) nor a TOML"):
        TrainingRecipe.read(str(tmp_path / "none.toml"))


def test_the_model_of_a_recipe(tmp_path):
    """By name, by a folder beside the file, or the folder that the file lies in."""
    tiny = find_model("tiny")
    assert TrainingRecipe.read(str(written(tmp_path, 'model = "tiny"'))).entry == tiny
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.toml").write_bytes((tiny.folder / "config.toml").read_bytes())
    assert TrainingRecipe.read(str(written(tmp_path, 'model = "mine"'))).entry.folder == tmp_path / "mine"
    assert TrainingRecipe.read(str(written(tmp_path / "mine", "").parent)).entry.folder == tmp_path / "mine"
    with pytest.raises(ModelError, match="neither a known model"):
        TrainingRecipe.read(str(written(tmp_path, 'model = "nothing"')))
    with pytest.raises(ModelError, match=r"no config.toml in it"):
        TrainingRecipe.read(str(written(tmp_path, "")))


def test_differences():
    old = TrainingSettings()
    new = replace(old, seed=1, optimisation=OptimisationSettings(peak_rate=1.0))
    assert differences(old, old) == {}
    assert differences(old, new) == {"seed": (0, 1), "optimisation.peak_rate": (2e-4, 1.0)}
    assert differences(old, BeatCourse())["rate"] == (None, BeatCourse().rate)


@pytest.mark.parametrize("name", ["beats", "meter", "hands"])
def test_another_file_beside_a_shipped_recipe(name):
    """The one that needs no (n)ASAP differs in nothing but its data."""
    shipped, other = (TrainingRecipe.read(file) for file in (name, f"{name}/without-asap"))
    assert differences(shipped.settings, other.settings).keys() == {"datasets"}
    assert other.config() == shipped.config()


def written(folder, text):
    path = folder / "training.toml"
    path.write_text(text)
    return path
