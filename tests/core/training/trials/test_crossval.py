"""Cross-validation: each image is answered by a network that has not seen it, and frozen stages run once."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch

from core.importing.importing import import_path
from core.importing.samples.gauges import write_gauges
from core.training import activations
from core.training.process.events import EpochEnded, Paused, read_events
from core.training.recipe import Recipe
from core.training.trials import crossval, probing
from core.training.trials.crossval import cross_validate
from core.training.trials.crossval_results import CrossValidation


def test_all_are_held_out_once_and_answered(workspace, recipe):
    told = []
    found = cross_validate(workspace, recipe, 3, told.append)
    assert found.complete and found == CrossValidation.of(workspace, recipe, 3)
    answers = found.answers()
    assert len(answers) == 27 == answers["name"].nunique()
    assert set(answers["fold"]) == {1, 2, 3}
    shares = np.stack(answers["probabilities"])
    assert np.allclose(shares.sum(axis=1), 1, atol=1e-4)
    assert (np.array(["blue", "red"])[shares.argmax(axis=1)] == answers["said"]).all()
    for number, fold in enumerate(found.done, start=1):
        mine = answers[answers["fold"] == number]
        assert fold.held_out.get("accuracy") == pytest.approx((mine["said"] == mine["label"]).mean())
        assert [each.epoch for each in found.curve(number)] == [1, 2, 3]
        assert not (found.place(number) / "checkpoints").exists() and not (found.place(number) / "bundle").exists()
    accuracies = [fold.held_out.get("accuracy") for fold in found.done]
    assert found.mean("accuracy") == pytest.approx(np.mean(accuracies))
    assert found.spread("accuracy") == pytest.approx(np.std(accuracies, ddof=1))
    assert [metric.name for metric in found.metrics()] == ["loss", "accuracy", "balanced_accuracy", "macro_f1"]
    assert any(each.phase.startswith("Fold 3 of 3") for each in told)


def test_frozen_stages_run_once_for_all_folds(workspace, recipe, monkeypatch):
    rows = []
    compute = activations.Kept.rows
    monkeypatch.setattr(
        activations.Kept, "rows", lambda self, *told: rows.append(self.missing()) or compute(self, *told)
    )
    cross_validate(workspace, recipe, 3)
    assert sum(rows) == 27


def test_numbers_are_answered_in_their_own_unit(workspace, tmp_path, small_backbone):
    (tmp_path / "gauges").mkdir()
    write_gauges(tmp_path / "gauges", 20)
    dataset = import_path(workspace, tmp_path / "gauges")
    recipe = Recipe(
        dataset=dataset.id,
        dataset_version=1,
        backbone=small_backbone,
        epochs=1,
        loss="mean_squared_error",
        precision="float32",
    )
    found = cross_validate(workspace, recipe, 2)
    answers = found.answers()
    missed = [np.sqrt(np.mean((mine["said"] - mine["target"]) ** 2)) for _, mine in answers.groupby("fold", sort=True)]
    assert missed == pytest.approx([fold.held_out.get("rmse") for fold in found.done], rel=1e-3)


def test_it_gives_way_to_a_run_and_goes_on_exactly_there(workspace, recipe, monkeypatch):
    alone = cross_validate(workspace, recipe, 2).answers()
    shutil.rmtree(workspace.root / "crossvals")
    asked = []

    def waiting(self):
        asked.append(1)
        return len(asked) == 5  # in the middle of the first fold

    monkeypatch.setattr(probing, "SECONDS_BETWEEN_LOOKS", 0.0)
    monkeypatch.setattr(crossval.OtherRuns, "waiting", waiting)
    again = cross_validate(workspace, recipe, 2)
    events = [event for _, event in read_events(again.place(1) / "events.jsonl")[0]]
    assert sum(isinstance(event, Paused) for event in events) == 1
    assert sum(isinstance(event, EpochEnded) for event in events) == recipe.epochs
    assert torch.equal(
        torch.tensor(np.stack(alone["probabilities"])), torch.tensor(np.stack(again.answers()["probabilities"]))
    )


def test_what_is_done_is_not_done_again(workspace, recipe, monkeypatch):
    first = cross_validate(workspace, recipe, 2)
    (first.place(2) / "fold.json").unlink()
    assert len(first.done) == 1 and not first.complete
    trained, run = [], crossval.Trainer.run
    monkeypatch.setattr(crossval.Trainer, "run", lambda self: trained.append(self.directory.name) or run(self))
    assert cross_validate(workspace, recipe, 2).complete
    assert trained == ["fold-2"]
