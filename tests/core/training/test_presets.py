"""Presets set all of a recipe, and say what was changed since."""

import pytest

from core.tasks import TASKS
from core.training.presets import DEFAULT, PRESETS, changed_from, nearest
from core.training.recipe import Recipe

PLACE = {"dataset": "pets", "dataset_version": 1, "backbone": "resnet50"}


@pytest.mark.parametrize("kind", ["classes", "labels", "number"])
@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_sets_everything_and_is_found_again(name, kind):
    modality = next(iter(PRESETS[name].modalities), "image")
    settings = PRESETS[name].settings(kind, modality, 7)
    recipe = Recipe.parse({**PLACE, **settings, "modality": modality})
    assert set(recipe.settings()) - set(settings) == {"learning_rate"}
    assert recipe.loss == TASKS[kind].losses[0]
    assert changed_from(name, recipe.settings(), kind, modality, 7) == {}
    assert nearest(recipe, kind, modality, 7) == name


def test_the_textbook_is_the_textbooks():
    settings = Recipe.parse({**PLACE, **PRESETS["textbook"].settings("classes")}).settings()
    assert settings.items() >= {
        "freeze": "all",
        "head": {"kind": "linear", "hidden_units": 256, "dropout": 0.2, "reads": "auto"},
        "loss": "cross_entropy",
        "optimizer": "sgd",
        "learning_rate": 0.001,
        "momentum": 0.9,
        "nesterov": False,
        "weight_decay": 0.0,
        "schedule": "constant",
        "warmup_epochs": 0.0,
        "batch_size": 4,
        "accumulate": 1,
        "epochs": 10,
        "augmentation": "none",
        "label_smoothing": 0.0,
        "average": 0.0,
        "patience": 0,
        "clip": 0.0,
        "mixup": 0.0,
        "cutmix": 0.0,
        "balance": "none",
    }.items()  # fmt: skip


def test_the_default_is_the_untouched_recipe():
    assert Recipe.parse({**PLACE, **PRESETS[DEFAULT].settings("classes")}) == Recipe(**PLACE)


def test_what_was_changed_is_told_and_a_learning_rate_that_follows_is_no_change():
    assert changed_from("textbook", {"epochs": 12, "batch_size": 4}, "classes") == {"epochs": 12}
    assert changed_from("recommended", {"freeze": 0, "learning_rate": 0.001}, "classes") == {"freeze": 0}
    assert "label_smoothing" not in PRESETS["full-fine-tuning"].changes.keys() & {
        name for name, value in PRESETS["full-fine-tuning"].settings("number").items() if value
    }
