import shlex

import pytest

from core.errors import RecipeError
from core.training.recipe import Recipe

SETTINGS = {"dataset": "pets-1a2b", "dataset_version": 2, "backbone": "efficientnet_lite0"}


def test_a_recipe_survives_json():
    recipe = Recipe(**SETTINGS, freeze=3, learning_rate=0.02)
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


def test_every_problem_is_told_at_once():
    with pytest.raises(RecipeError) as told:
        Recipe.parse({**SETTINGS, "epochs": 0, "optimizer": "lion", "learning_rate": -1})
    assert all(word in str(told.value) for word in ("epochs", "optimizer", "learning rate", "'lion'", "'adamw'"))


def test_a_number_or_a_word_is_told_of_both():
    wrong = Recipe.problems({**SETTINGS, "batch_size": 0, "freeze": "some", "head": {"kind": "x", "dropout": 2}})
    assert wrong["batch_size"] == (
        "batch size is 0, but input should be greater than or equal to 1, or input should be 'auto'"
    )
    assert "valid integer" in wrong["freeze"] and wrong["freeze"].endswith("or input should be 'all'")
    assert wrong["head"].startswith("head dropout is 2")


def test_an_unknown_setting_is_refused():
    with pytest.raises(RecipeError, match="epoch"):
        Recipe.parse({**SETTINGS, "epoch": 3})


def test_a_recipe_cannot_be_changed_afterwards():
    with pytest.raises(ValueError):
        Recipe(**SETTINGS).epochs = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"freeze": 0, "optimizer": "sgd", "momentum": 0.5, "schedule": "constant"},
        {"freeze": 4, "head": {"kind": "hidden", "hidden_units": 64, "dropout": 0.5}, "augmentation": "standard"},
        {"weights_file": "/my folder/a$b.pth", "weight_decay": 0.3, "batch_size": 7, "seed": 9},
        {"batch_size": "auto"},
        {"fit": "pad", "resolution": 288},
    ],
)
def test_the_command_gives_the_same_recipe(settings, monkeypatch):
    """What the page shows under "Show the command" is parsed back by the real command line."""
    from core.commands import jobs
    from core.commands.parser import build_parser

    recipe = Recipe.parse({**SETTINGS, **settings})
    words = shlex.split(recipe.to_command(workspace="/some where"))
    assert words[:4] == ["python", "-m", "core", "train"]
    options = build_parser().parse_args(words[3:])
    assert options.workspace == "/some where"
    assert options.data == "pets-1a2b@2"
    assert Recipe.parse({**jobs._settings(options), "dataset": "pets-1a2b", "dataset_version": 2}) == recipe


def test_a_switch_that_was_on_in_a_preset_can_be_typed_off():
    from core.commands.parser import build_parser

    assert build_parser().parse_args(["train", "--data", "x", "--no-nesterov"]).nesterov is False


@pytest.mark.parametrize("resolution", [0, 63, 100, 641, 1e9, "large"])
def test_a_resolution_that_no_network_takes_is_refused(resolution):
    assert "resolution is" in Recipe.problems({**SETTINGS, "resolution": resolution})["resolution"]


def test_problems_are_told_by_setting():
    wrong = {**SETTINGS, "epochs": 1, "unfreeze": "gradually", "nesterov": True}
    assert set(Recipe.problems(wrong)) == {"unfreeze", "head_epochs", "nesterov"}
    assert Recipe.problems(SETTINGS) == {}
    assert Recipe.problems({**SETTINGS, "epoch": 3}) == {"epoch": "there is no setting 'epoch'; did you mean epochs?"}
