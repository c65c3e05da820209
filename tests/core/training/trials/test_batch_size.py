"""The batch size, where it is left to the device."""

from __future__ import annotations

import pytest
import torch

from core.training import checkpoints
from core.training.process import failures
from core.training.process.events import Progress, Started
from core.training.recipe import Recipe
from core.training.trials import batch_size, rate_finder
from core.training.trials.batch_size import Found, Step, search
from core.training.trials.rate_finder import find_rate
from tests.core.training.test_trainer import of, weights

GB = 1_000_000_000
HIDDEN = {"head": {"kind": "hidden", "dropout": 0.5}}


def device(image: float = 0.0, step: float = 0.0, bytes: int = 0, holds: int = 1 << 20):
    """Takes so many seconds and bytes for an image, and seconds for a step besides."""
    return lambda size: Step(step + image * size, bytes * size) if size <= holds else None


@pytest.mark.parametrize(
    ("taken", "free", "found"),
    [
        (device(image=1e-4, step=0.01), GB, Found(512, "more would leave too few steps in an epoch")),
        (device(image=1e-4, step=0.002), GB, Found(128, "more would hardly make it faster")),
        (device(image=0.01), GB, Found(32, "more would hardly make it faster")),
        (device(step=0.01, bytes=10_000_000), GB, Found(64, "twice as many might not fit in the memory")),
        (device(step=0.01, bytes=60_000_000), GB, Found(8, "twice as many might not fit in the memory")),
        (device(step=0.01, holds=64), GB, Found(64, "twice as many do not fit in the memory")),
        (device(step=0.01), None, Found(32, "the usual number")),
    ],
)
def test_it_grows_while_that_is_faster_and_there_is_room(taken, free, found):
    assert search(taken, free, 512) == found


def test_a_slow_device_is_not_kept_long_but_its_memory_is_minded():
    tried = []

    def slow(bytes):
        tried.clear()
        return lambda size: tried.append(size) or Step(1.0 * size, bytes * size)

    assert search(slow(1_000), GB, 512).size == 32 and tried == [4]
    assert search(slow(40_000_000), GB, 512).size == 16 and tried == [4]


def test_where_a_few_do_not_fit_it_says_so(recipe):
    with pytest.raises(torch.OutOfMemoryError) as told:
        search(device(holds=2), GB, 512)
    words = failures.explain(told.value, recipe.model_copy(update={"batch_size": "auto"}))
    assert "ran out of memory. Set a small batch size, such as 4, freeze more stages" in words


@pytest.mark.parametrize(
    ("settings", "rate"),
    [
        ({}, 0.02),
        ({"optimizer": "sgd"}, 0.004),
        ({"freeze": 0}, 0.002),
        ({"learning_rate": 0.5}, 0.5),  # somebody's own
    ],
)
def test_a_suggested_learning_rate_follows_and_a_chosen_one_stays(settings, rate):
    recipe = Recipe.parse({"dataset": "a", "dataset_version": 1, "backbone": "b", "batch_size": "auto", **settings})
    found = recipe.with_batch_size(128)
    assert (found.batch_size, found.learning_rate) == (128, pytest.approx(rate))


@pytest.fixture
def for_eight(monkeypatch):
    """A device for which 8 images together are found; says how often it was asked."""
    asked = []
    monkeypatch.setattr(batch_size, "search", lambda step, *_: asked.append(step(4)) or Found(8, "it is small"))
    return asked


@pytest.mark.parametrize("settings", [{"freeze": 2, "unfreeze": "after_head", "epochs": 2}, {"freeze": 0}])
def test_a_run_that_finds_it_ends_as_one_that_was_told_it(recipe, train, workspace, for_eight, settings):
    made = Recipe.parse({**recipe.model_dump(), "learning_rate": 0.02, "epochs": 1, **HIDDEN, **settings})
    train(made, "told")
    events = train(made.model_copy(update={"batch_size": "auto"}), "found")
    (started,) = of(Started, events)
    assert "Batches of 8 images, found for this device: it is small." in started.note
    assert Progress("batch_size", 4, 32) in events
    (step,) = for_eight
    assert step.seconds > 0
    one, other = weights(workspace, "told"), weights(workspace, "found")
    assert all(torch.equal(one[key], other[key]) for key in one)


def test_it_is_found_once_and_a_run_keeps_to_what_it_began_with(recipe, train, workspace, for_eight):
    made = recipe.model_copy(update={"batch_size": "auto", "learning_rate": 0.01})  # which is the suggested one
    train(made, "whole")
    train(made, "broken", stop_after=1)
    assert len(for_eight) == 1
    (workspace.root / "measured.json").unlink()
    events = train(made, "broken")
    assert len(for_eight) == 1
    assert "Batches of 8 images, found for this device: as when the run began." in of(Started, events)[-1].note
    assert "The learning rate follows: 0.005 in place of 0.01." in of(Started, events)[-1].note
    assert checkpoints.load(workspace.runs / "broken" / "checkpoints").batch_size == 8
    one, other = weights(workspace, "whole"), weights(workspace, "broken")
    assert all(torch.equal(one[key], other[key]) for key in one)


def test_what_is_tried_before_a_run_uses_the_same(recipe, workspace, for_eight, monkeypatch):
    monkeypatch.setattr(rate_finder, "STEPS", 3)
    made = recipe.model_copy(update={"batch_size": "auto"})
    assert find_rate(workspace, made).losses == find_rate(workspace, recipe).losses
    assert len(for_eight) == 1


def test_it_is_found_in_earnest(recipe, train):
    note = of(Started, train(recipe.model_copy(update={"batch_size": "auto", "epochs": 1})))[0].note
    assert "Batches of 32 images, found for this device: more would leave too few steps in an epoch." in note
