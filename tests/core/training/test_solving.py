"""Runs whose head is solved for: honest scores, the refit, the test part, and going on after anything."""

from __future__ import annotations

import json

import pandas as pd
import pytest
import safetensors.torch
import torch

from core.data.changes import resplit
from core.data.dataset import load_dataset
from core.inference.predictor import Predictor
from core.training.process.control import Control
from core.training.process.events import EpochEnded, Paused
from core.training.process.reporter import Reporter
from core.training.recipe import Recipe


@pytest.fixture
def solved(recipe) -> Recipe:
    return recipe.model_copy(update={"optimizer": "auto", "epochs": 4})


@pytest.fixture
def with_test(workspace, solved) -> Recipe:
    dataset = resplit(workspace, load_dataset(workspace, solved.dataset), validation=0.25, test=0.25, seed=1)
    return solved.model_copy(update={"dataset_version": dataset.version})


def bundle_of(workspace, name="run"):
    folder = workspace.runs / name / "bundle"
    return json.loads((folder / "bundle.json").read_text()), safetensors.torch.load_file(folder / "weights.safetensors")


def test_a_linear_head_on_frozen_stages_is_solved_and_reads_several_stages(solved, train, workspace):
    events = train(solved)
    epochs = [event for event in events if isinstance(event, EpochEnded)]
    assert [event.best for event in epochs] == [True] * 4 and {event.learning_rate for event in epochs} == {0.0}
    assert epochs[-1].train.loss < epochs[0].train.loss and epochs[-1].train.get("accuracy") == 1.0
    said, weights = bundle_of(workspace)
    assert said["head"]["reads"] == "several" and weights["head.weight"].shape[1] == 544
    ended = events[-1]
    assert ended.status == "finished" and ended.best_epoch == 4 and not ended.chosen


@pytest.mark.parametrize(
    "changed",
    [
        {"optimizer": "adamw"},
        {"learning_rate": 0.02},
        {"mixup": 0.2},
        {"average": 0.9},
        {"loss": "focal"},
        {"freeze": 2},
    ],
)
def test_what_asks_for_steps_is_trained(solved, changed):
    other = solved.model_copy(update=changed)
    assert solved.solvable and solved.reads == "several"
    assert other.reads == "last" and (not other.solvable or other.freeze == 2)


def test_the_head_is_refitted_on_all_labeled_images_and_the_score_is_from_before(solved, train, workspace):
    ended = train(solved)[-1]
    images = len(load_dataset(workspace, solved.dataset).frame)
    assert ended.refitted and ended.learned_from == images and ended.judged_on > 0
    assert (
        f"all {images} labeled images" in ended.message and f"{ended.judged_on} images that it had not" in ended.message
    )
    refitted = bundle_of(workspace)[1]["head.weight"]
    plain = train(solved.model_copy(update={"refit": False}), "plain")[-1]
    assert not plain.refitted and plain.learned_from == images - ended.judged_on
    assert plain.validation == ended.validation
    assert not torch.equal(bundle_of(workspace, "plain")[1]["head.weight"], refitted)


def test_the_answers_kept_are_of_images_that_were_not_seen(with_test, train, workspace):
    ended = train(with_test)[-1]
    kept = pd.read_parquet(workspace.runs / "run" / "bundle" / "answers.parquet")
    assert set(kept["split"]) == {"validation", "test"} and kept["probability"].between(0, 1).all()
    for split, scores, images in (
        ("validation", ended.validation, ended.judged_on),
        ("test", ended.test, ended.tested_on),
    ):
        part = kept[kept["split"] == split]
        assert len(part) == images and (part["said"] == part["label"]).mean() == pytest.approx(scores.get("accuracy"))


@pytest.mark.parametrize("settings", [{}, {"optimizer": "adamw", "freeze": 2}])
def test_the_test_part_is_scored_once_by_the_weights_that_are_kept(with_test, settings, train, workspace):
    recipe = with_test.model_copy(update=settings)
    ended = train(recipe)[-1]
    dataset = load_dataset(workspace, recipe.dataset, recipe.dataset_version)
    rows = dataset.part("test")
    assert ended.tested_on == len(rows) > 0
    answers = Predictor.open(workspace.runs / "run" / "bundle").predict((n, dataset.path(n)) for n in rows["image"])
    right = [answer.prediction.top[0].label == label for answer, label in zip(answers, rows["label"])]
    assert sum(right) / len(right) == pytest.approx(ended.test.get("accuracy"))
    assert bundle_of(workspace)[0]["scores"]["test"]["accuracy"] == ended.test.get("accuracy")


@pytest.mark.parametrize("epoch", [1, 3])
def test_interrupted_after_any_epoch_it_ends_with_the_same_bits(with_test, train, workspace, epoch):
    whole = train(with_test, "whole")[-1]
    train(with_test, stop_after=epoch)
    again = train(with_test)[-1]
    assert (again.validation, again.test) == (whole.validation, whole.test)
    one, other = (bundle_of(workspace, name)[1] for name in ("whole", "run"))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_stop_and_keep_ends_with_a_refitted_head(solved, train, workspace):
    train(solved, stop_after=2)
    Control(workspace.runs / "run").ask("stop")
    ended = train(solved)[-1]
    assert ended.status == "stopped" and ended.refitted and "Stopped after 2 epochs" in ended.message


def test_stages_that_are_freed_later_are_trained_from_there(solved, train, workspace):
    two = {"freeze": 3, "unfreeze": "after_head", "head_epochs": 2, "learning_rate": 0.001}
    events = train(solved.model_copy(update=two))
    rates = [event.learning_rate for event in events if isinstance(event, EpochEnded)]
    assert rates[:2] == [0.0, 0.0] and all(rate > 0 for rate in rates[2:]) and len(rates) == 4
    assert events[-1].chosen and not events[-1].refitted


def test_a_head_that_reads_several_stages_trains_with_any_of_them_free(solved, train, workspace):
    several = solved.head.model_copy(update={"reads": "several"})
    for freeze in (0, 3, 5):
        ended = train(solved.model_copy(update={"freeze": freeze, "head": several}), f"free{freeze}")[-1]
        assert ended.status == "finished" and bundle_of(workspace, f"free{freeze}")[0]["head"]["reads"] == "several"


def test_paused_in_the_middle_of_an_epoch_it_goes_on_from_there_with_the_same_bits(solved, train, workspace):
    whole = train(solved, "whole")[-1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Reporter, "stepped", lambda self, position, images, totals: position.epoch == 3)
        patch.setattr(Reporter, "pausing", property(lambda self: True))
        paused = train(solved)[-1]
    assert isinstance(paused, Paused) and paused.epoch == 2.0
    events = train(solved)
    numbers = [event.epoch for event in events if isinstance(event, EpochEnded)]
    assert numbers == [1, 2, 3, 4]  # none is gone through again
    one, other = (bundle_of(workspace, name)[1] for name in ("whole", "run"))
    assert events[-1].validation == whole.validation and all(torch.equal(one[name], other[name]) for name in one)


def test_the_same_features_again_find_their_strength_at_once(solved, train, workspace, monkeypatch):
    train(solved, "first")
    (kept,) = (workspace.cache / "strengths").glob("*.json")
    monkeypatch.setattr("core.training.solving.choose_strength", lambda *_: pytest.fail("worked out again"))
    train(solved, "second")
    assert bundle_of(workspace, "first")[1].keys() == bundle_of(workspace, "second")[1].keys()
    for name, tensor in bundle_of(workspace, "first")[1].items():
        assert torch.equal(tensor, bundle_of(workspace, "second")[1][name]), name
    kept.write_text('{"strength": "much"}')  # damaged: worked out again, not believed
    with pytest.raises(pytest.fail.Exception):
        train(solved, "third")
