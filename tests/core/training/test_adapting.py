"""Runs whose free stages learn by adapters, and runs with activation checkpointing."""

from __future__ import annotations

import json

import pytest
import safetensors
import safetensors.torch
import torch

from core.backbones.adapters import is_adapter, merged
from core.backbones.catalogue import find
from core.errors import BackboneError, RecipeError, RunError
from core.inference.predictor import Predictor
from core.training import checkpoints, preparation
from core.training.process.events import Changed, EpochEnded, Started
from core.training.recipe import Recipe
from tests.conftest import image
from tests.core.training.conftest import SMALL

FREEZE = 2
CHANGES = {"freeze": FREEZE, "adapters": "all", "adapter_rank": 4, "adapter_alpha": 8.0}
STEPWISE = {"unfreeze": "gradually", "unfreeze_rate": 1.0, "epochs": 5, "average": 0.5, "head": {"kind": "hidden"}}


@pytest.fixture
def adapting(recipe, small_transformer) -> Recipe:
    return Recipe.parse({**recipe.model_dump(), "backbone": small_transformer, **CHANGES})


@pytest.fixture
def bundle_of(workspace):
    return lambda name: workspace.runs / name / "bundle"


def weights(bundle):
    return safetensors.torch.load_file(bundle / "weights.safetensors")


def base(workspace, recipe):
    info = find(recipe.backbone)
    return {f"backbone.{k}": v for k, v in preparation.build(info, workspace).state_dict().items()}


def test_the_bundle_is_whole_and_what_was_learned_lies_beside_it(workspace, adapting, train, bundle_of):
    events = train(adapting)
    plain, found = base(workspace, adapting), weights(bundle_of("run"))
    assert {name for name in found if not name.startswith("head.")} == plain.keys()
    moved = {name for name in plain if not torch.equal(plain[name], found[name])}
    assert moved and all(name.endswith("weight") and ".blocks." in name for name in moved)
    path = bundle_of("run") / "adapters.safetensors"
    learned = safetensors.torch.load_file(path)
    with safetensors.safe_open(path, "pt") as file:
        said = file.metadata()
    assert said == {"backbone": adapting.backbone, "layers": "all", "rank": "4", "alpha": "8"}
    again = merged(plain | learned, float(said["alpha"]) / int(said["rank"]))
    assert again.keys() == found.keys() and all(torch.equal(again[name], found[name]) for name in again)
    (started,) = (event for event in events if isinstance(event, Started))
    assert started.trainable == sum(each.numel() for each in learned.values()) < started.total / 5
    assert path.stat().st_size < (bundle_of("run") / "weights.safetensors").stat().st_size / 4


def test_its_answers_are_those_of_the_network_that_learned(adapting, train, bundle_of, monkeypatch):
    material = {}
    kept = preparation.Material.tensors
    monkeypatch.setattr(preparation.Material, "tensors", lambda self: material.update(it=self) or kept(self))
    train(adapting)
    network = material["it"]
    predictor = Predictor.open(bundle_of("run"))
    pixels = {"pixels": torch.randn(3, 3, 160, 160)}
    with torch.no_grad():
        unmerged = network.head(network.backbone.eval()(pixels))
        torch.testing.assert_close(predictor.model(pixels), unmerged, rtol=0, atol=1e-5)
    (answer,) = predictor.predict([("it", image("red", 99, (90, 70), "png"))])
    assert answer.error is None


@pytest.mark.parametrize("changes", [{}, STEPWISE], ids=["at once", "a stage each epoch"])
def test_killed_at_the_end_of_any_epoch_it_ends_with_the_same_bits(workspace, adapting, train, bundle_of, changes):
    recipe = Recipe.parse({**adapting.model_dump(), **changes})
    train(recipe, "whole")
    for stop in range(1, recipe.epochs):
        train(recipe, f"killed{stop}", stop_after=stop)
        events = train(recipe, f"killed{stop}")
        assert [e.epoch for e in events if isinstance(e, EpochEnded)] == [*range(1, recipe.epochs + 1)]
        one, other = weights(bundle_of("whole")), weights(bundle_of(f"killed{stop}"))
        assert all(torch.equal(one[name], other[name]) for name in one)
    if changes:
        freed = [event.trainable for event in events if isinstance(event, Changed)]
        assert freed == sorted(freed) and len(freed) > 1


def test_a_checkpoint_has_what_was_learned_and_no_more(workspace, adapting, train):
    train(adapting, stop_after=1)
    kept = checkpoints.load(workspace.runs / "run" / "checkpoints")
    names = [name for name in kept.model if not name.startswith("head.")]
    assert names and all(map(is_adapter, names)) and kept.model.keys() == kept.best.keys()


def test_a_run_stopped_before_it_is_prepared_again_keeps_its_best(workspace, adapting, train, bundle_of, monkeypatch):
    train(adapting, stop_after=1)
    real, times = preparation.prepare, []

    def stopped_the_first_time(*given):
        times.append(1)
        if len(times) == 1:
            raise preparation.StopRequested
        return real(*given)

    from core.training import trainer
    from core.training.process.reporter import StopRequested

    monkeypatch.setattr(preparation, "StopRequested", StopRequested, raising=False)
    monkeypatch.setattr(trainer, "prepare", stopped_the_first_time)
    train(adapting)
    found = weights(bundle_of("run"))
    assert any(not torch.equal(found[name], each) for name, each in base(workspace, adapting).items())


def test_frozen_stages_give_what_is_kept_for_runs_without_adapters_too(workspace, adapting, train):
    plain = Recipe.parse({**adapting.model_dump(), "adapters": "none"})
    train(plain, "plain")
    settings = {path.name for path in (workspace.cache / "activations").iterdir()}
    train(adapting, "adapted")
    assert {path.name for path in (workspace.cache / "activations").iterdir()} == settings


def test_a_network_of_convolutions_is_refused_in_a_sentence(recipe, train):
    with pytest.raises(BackboneError, match="no linear layers to put adapters on"):
        train(Recipe.parse({**recipe.model_dump(), "backbone": find(SMALL).name, **CHANGES}))


def test_adapters_need_a_free_stage(adapting):
    with pytest.raises(RecipeError, match="adapters need a stage that is not frozen"):
        Recipe.parse({**adapting.model_dump(), "freeze": "all"})


def test_a_recipe_of_before_there_were_adapters_has_none(adapting):
    given = adapting.model_dump()
    for name in ("adapters", "adapter_rank", "adapter_alpha", "activation_checkpointing"):
        del given[name]
    recipe = Recipe.parse(json.loads(json.dumps(given)))
    assert recipe.adapters == "none" and not recipe.activation_checkpointing and recipe.how_it_learns == ""


def test_what_a_step_takes_is_named_by_how_it_learns(adapting):
    assert adapting.how_it_learns == ", adapters of rank 4 on all"
    saving = adapting.model_copy(update={"adapters": "none", "activation_checkpointing": True})
    assert saving.how_it_learns == ", activation checkpointing"


@pytest.mark.parametrize("backbone", ["small_backbone", "small_transformer"])
def test_activation_checkpointing_gives_the_same_run(request, workspace, recipe, train, bundle_of, backbone):
    changes = {"backbone": request.getfixturevalue(backbone), "freeze": 1, "epochs": 2, "augmentation": "standard"}
    recipe = Recipe.parse({**recipe.model_dump(), **changes})
    train(recipe, "plain")
    train(Recipe.parse({**recipe.model_dump(), "activation_checkpointing": True}), "saving")
    one, other = weights(bundle_of("plain")), weights(bundle_of("saving"))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_processes_that_share_batches_do_not_work_norms_out_again(workspace, recipe):
    saving = Recipe.parse({**recipe.model_dump(), "activation_checkpointing": True})
    backbone = preparation.build(find(SMALL), workspace)
    saving.apply_to(backbone, 0, 0, 1)
    with pytest.raises(RunError, match="one device.*switch it off"):
        saving.apply_to(backbone, 0, 0, 2)
