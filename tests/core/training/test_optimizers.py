import pytest
import torch
from torch import nn

from core.training.optimizers import build_optimizer, learning_rate
from core.training.recipe import Recipe


def recipe(**settings):
    return Recipe(dataset="a", dataset_version=1, backbone="b", **settings)


def test_only_trainable_parameters_move_and_biases_are_not_decayed():
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2))
    model[0].requires_grad_(False)
    groups = build_optimizer(recipe(weight_decay=0.1), model.parameters()).param_groups
    assert [(len(group["params"]), group["weight_decay"]) for group in groups] == [(1, 0.1), (1, 0.0)]
    assert groups[0]["params"][0] is model[1].weight


def test_the_textbook_setting():
    optimizer = build_optimizer(recipe(optimizer="sgd", learning_rate=0.001), nn.Linear(2, 2).parameters())
    assert isinstance(optimizer, torch.optim.SGD)
    assert (optimizer.defaults["lr"], optimizer.defaults["momentum"]) == (0.001, 0.9)


def test_cosine_begins_at_the_rate_and_falls_to_nothing():
    said = [learning_rate(recipe(learning_rate=0.2, schedule="cosine"), step, 10) for step in range(11)]
    assert said[0] == pytest.approx(0.2)
    assert said[5] == pytest.approx(0.1)
    assert said[10] == pytest.approx(0)
    assert said == sorted(said, reverse=True)
