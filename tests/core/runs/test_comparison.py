"""What sets runs apart, and those that show what freezing does."""

import pytest

from core.backbones.kept_stages import Stage
from core.runs.comparison import differences, freezing, frozen_words
from core.tasks.heads import HeadSettings
from core.training.recipe import Recipe


def stages(many, attention=0):
    return [Stage("stage", 1, 100, (8, 4, 4), ("a",), attention=attention, linear=attention)] * many


@pytest.fixture
def recipe():
    return Recipe(dataset="d", dataset_version=1, backbone="efficientnet_lite0")


def test_all_half_and_none_are_frozen_each_with_its_own_suggested_rate(recipe):
    made = freezing(recipe, stages(9))
    assert [(each.freeze, each.learning_rate) for each in made] == [("all", 0.01), (4, 0.001), (0, 0.001)]
    assert {each.model_copy(update={"freeze": "all", "learning_rate": 0.01}) for each in made} == {recipe}


def test_a_chosen_rate_stays_and_no_run_is_made_twice(recipe):
    chosen = recipe.model_copy(update={"freeze": 1, "unfreeze": "after_head", "learning_rate": 0.5})
    made = freezing(chosen, stages(1))
    assert [(each.freeze, each.learning_rate, each.unfreeze) for each in made] == [
        ("all", 0.5, "never"),
        (0, 0.5, "after_head"),
    ]


def test_of_a_transformer_there_is_one_with_adapters_too(recipe):
    made = freezing(recipe, stages(4, attention=20))
    assert [(each.freeze, each.adapters) for each in made] == [("all", "none"), (2, "none"), (0, "none"), (0, "all")]
    chosen = recipe.model_copy(update={"freeze": 1, "adapters": "attention", "learning_rate": 0.25})
    made = freezing(chosen, stages(4, attention=20))
    assert [each.adapters for each in made] == ["none", "none", "none", "attention"]
    assert {each.learning_rate for each in made} == {0.25}


def test_adapters_are_said_with_what_is_frozen():
    assert [frozen_words(0, "all"), frozen_words(2, "attention")] == ["adapters", "adapters, 2 stages frozen"]


def test_runs_are_told_apart_by_what_differs_alone(recipe):
    head = HeadSettings(kind="hidden", hidden_units=64)
    other = recipe.model_copy(update={"freeze": 1, "learning_rate": 2e-5, "head": head, "dataset_version": 2})
    assert differences([recipe, other]) == [
        "version 1, all stages frozen, linear head, learning rate 0.01",
        "version 2, 1 stage frozen, head with 64 hidden units, learning rate 2e-05",
    ]
    assert differences([recipe, recipe]) == ["the same", "the same"]
