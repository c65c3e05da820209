"""What each of the expert's settings does to a run."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from core.runtime.device import choose_device
from core.training import checkpoints, trainer
from core.training.averaging import Average
from core.training.loop import Batch, Updater, run_epoch
from core.training.mixing import mixed
from core.training.process.control import Control
from core.training.process.events import Changed, Ended, EpochEnded, Paused, Started, read_events
from core.training.process.reporter import Reporter
from core.training.recipe import Recipe
from tests.core.tasks.objectives import of_classes
from tests.core.training.test_trainer import of, weights

PLAIN = Recipe(dataset="a", dataset_version=1, backbone="b")
THREE = pd.DataFrame({"label": ["a"] * 6 + ["b"] * 3 + ["c"]})


class Line(nn.Linear):
    def forward(self, inputs):
        return super().forward(inputs["x"])


def classes():
    return of_classes(THREE["label"])


def test_accumulating_equals_one_large_batch():
    device, inputs, targets = choose_device("cpu"), torch.randn(10, 3), classes().targets(THREE)

    def learned(batches):
        torch.manual_seed(0)
        model = Line(3, 3)
        run_epoch(model, batches, classes(), device, Updater(torch.optim.SGD(model.parameters(), 0.5), device.scaler()))
        return model.weight

    whole = learned([Batch({"x": inputs}, targets)])
    parts = [Batch({"x": inputs[:7]}, targets[:7], 0.7, False), Batch({"x": inputs[7:]}, targets[7:], 0.3, True)]
    assert torch.allclose(learned(parts), whole, atol=1e-6)


def test_long_gradients_are_clipped():
    device, model = choose_device("cpu"), Line(3, 3)
    before = model.weight.detach().clone(), model.bias.detach().clone()
    updater = Updater(torch.optim.SGD(model.parameters(), 1.0), device.scaler(), clip=0.01)
    run_epoch(model, [Batch({"x": torch.randn(10, 3) * 100}, classes().targets(THREE))], classes(), device, updater)
    moved = sum((now.detach() - then).square().sum() for now, then in zip((model.weight, model.bias), before))
    assert float(moved.sqrt()) == pytest.approx(0.01, rel=1e-3)


def test_an_average_follows_and_gives_the_weights_back():
    model = nn.Linear(1, 1, bias=False)
    average = Average(model.state_dict().items(), decay=0.5)
    first = model.weight.item()
    with torch.no_grad():
        model.weight += 1.0
    average.follow()  # 2 / 11 of the mean is kept at first
    with average.in_place():
        assert model.weight.item() == pytest.approx(first + 9 / 11)
    assert model.weight.item() == pytest.approx(first + 1.0)
    again = Average(model.state_dict().items(), decay=0.5)
    again.load(average.state())
    assert again.steps == 1 and torch.equal(again.mean["weight"], average.mean["weight"])


def test_mixup_keeps_proportions():
    batch = Batch({"x": torch.eye(4)}, torch.arange(4))
    made = mixed(batch, PLAIN.model_copy(update={"mixup": 1.0}), np.random.default_rng(0))
    wanted = torch.eye(4) * (1 - made.mixed_in) + torch.eye(4)[made.others] * made.mixed_in
    assert torch.allclose(made.inputs["x"], wanted) and 0 < made.mixed_in < 1


def test_cutmix_counts_the_pixels():
    inputs = torch.arange(4.0)[:, None, None, None].expand(4, 3, 32, 32)
    batch, recipe = Batch({"pixels": inputs}, torch.arange(4)), PLAIN.model_copy(update={"cutmix": 1.0})
    for seed in range(20):
        made = mixed(batch, recipe, np.random.default_rng(seed))
        for row, other in enumerate(made.others):
            if row != other:
                assert float((made.inputs["pixels"][row, 0] == other).float().mean()) == pytest.approx(made.mixed_in)
    assert torch.equal(inputs[:, 0, 0, 0], torch.arange(4.0))


# Whole runs ----------------------------------------------------------------------------------------------------------

TOGETHER = {
    "freeze": 2,
    "unfreeze": "after_head",
    "epochs": 4,
    "average": 0.9,
    "mixup": 0.3,
    "accumulate": 2,
    "batch_size": 4,
    "schedule": "one_cycle",
    "clip": 1.0,
    "balance": "sampling",
    "rate_per_stage": 0.7,
    "augmentation": "standard",
    "views": 2,
    "head": {"kind": "hidden", "hidden_units": 8, "dropout": 0.5},
}


class Killed(Exception):
    """Stands for SIGKILL: nothing after it runs."""


@pytest.fixture
def killed_at(monkeypatch):
    """Ends the process's work, as it were, after so many steps; each step has a checkpoint."""

    def kill(step: int | None) -> None:
        taken = [0]
        step_of = trainer.Trainer.after_step

        def after_step(self, images, totals):
            taken[0] += 1
            self.saver.wait = 0.0
            stop = step_of(self, images, totals)
            if taken[0] == step:
                raise Killed
            return stop

        monkeypatch.setattr(trainer.Trainer, "after_step", after_step)

    original = trainer.Trainer.after_step
    yield kill
    monkeypatch.setattr(trainer.Trainer, "after_step", original)


@pytest.mark.parametrize("settings", [{"freeze": "all"}, {"freeze": 0, "epochs": 4}, TOGETHER])
def test_killed_after_any_step_it_ends_with_the_same_bits(recipe, train, workspace, killed_at, monkeypatch, settings):
    made = Recipe.parse({**recipe.model_dump(), **settings})
    whole = train(made, "whole")
    original = trainer.Trainer.after_step
    for step in (1, 2, 5, 9):
        name = f"killed-{step}"
        monkeypatch.setattr(trainer.Trainer, "after_step", original)
        killed_at(step)
        with pytest.raises(Killed):
            train(made, name)
        monkeypatch.setattr(trainer.Trainer, "after_step", original)
        events = train(made, name)
        assert of(EpochEnded, events)[-1].validation == of(EpochEnded, whole)[-1].validation
        one, other = weights(workspace, "whole"), weights(workspace, name)
        assert all(torch.equal(one[key], other[key]) for key in one)


def test_two_phases_are_told_and_drawn(recipe, train):
    made = recipe.model_copy(update={"freeze": 2, "unfreeze": "after_head", "epochs": 3})
    events = train(made)
    (changed,) = of(Changed, events)
    assert (changed.kind, changed.epoch) == ("phase", 1) and "2 of" in changed.words
    assert of(Ended, events)[0].status == "finished"
    rates = [row.learning_rate for row in of(EpochEnded, events)]
    assert rates[1] < rates[0] / 5 or rates[1] <= 0.1 * made.learning_rate


def test_unfrozen_stages_move_only_once_they_are_free(recipe, train, workspace):
    head_only = train(recipe.model_copy(update={"epochs": 2}), "head")
    both = recipe.model_copy(update={"freeze": 2, "unfreeze": "after_head", "head_epochs": 2, "epochs": 3})
    events = train(both, "both")
    assert of(EpochEnded, events)[0].validation == of(EpochEnded, head_only)[0].validation
    assert len(of(EpochEnded, events)) == 3


def test_patience_ends_a_run_that_gets_no_better(recipe, train):
    events = train(recipe.model_copy(update={"learning_rate": 1e-9, "patience": 2, "epochs": 9, "best_by": "accuracy"}))
    ended = events[-1]
    assert ended.status == "finished" and ended.epochs < 9 and "no improvement for" in ended.message


def test_the_patience_of_a_run_that_is_extended_at_work_counts_afresh(recipe, train, workspace, monkeypatch):
    """Asked in the third epoch, after which the run would have lost it."""
    monkeypatch.setattr("core.training.process.reporter.SECONDS_BETWEEN_EVENTS", 0.0)
    stepped = Reporter.stepped

    def extend(self, position, images, totals):
        if position.epoch == 3 and position.step == 1:
            self.control.change("extend", 20)
        return stepped(self, position, images, totals)

    monkeypatch.setattr(Reporter, "stepped", extend)
    never_better = {"learning_rate": 1e-12, "patience": 2, "epochs": 9, "best_by": "accuracy"}
    ended = train(recipe.model_copy(update=never_better))[-1]
    assert (ended.epochs, ended.best_epoch) == (4, 1) and "no improvement for" in ended.message


@pytest.mark.parametrize("word", [3, 4, 5, 6])
def test_a_paused_run_goes_on_as_if_nothing_had_been(recipe, train, workspace, monkeypatch, word):
    """Asked in the middle of an epoch, at its last training step, while it is validated, and in the next."""
    made = recipe.model_copy(update={"freeze": 2, "epochs": 4, "batch_size": 6})
    train(made, "whole")
    stepped, heard = Reporter.stepped, []

    def pause(self, position, images, totals):
        heard.append("validation" if totals is None else position.step)
        if len(heard) == word:
            self.control.ask("pause")
            self.heard_at = 0.0
        return stepped(self, position, images, totals)

    with monkeypatch.context() as while_pausing:
        while_pausing.setattr(Reporter, "stepped", pause)
        assert isinstance(train(made, "paused")[-1], Paused)
    assert heard == [1, 2, 3, 4, "validation", 1][:word]
    assert not (workspace.runs / "paused" / "bundle").exists()
    Control(workspace.runs / "paused").clear()
    events = train(made, "paused")
    assert events[-1].status == "finished"
    assert [row.epoch for row in of(EpochEnded, events)] == [1, 2, 3, 4]
    one, other = weights(workspace, "whole"), weights(workspace, "paused")
    assert all(torch.equal(one[key], other[key]) for key in one)


def test_a_run_paused_while_its_next_phase_is_prepared_loses_no_epoch(recipe, train, workspace, monkeypatch):
    made = recipe.model_copy(update={"freeze": 1, "unfreeze": "after_head", "head_epochs": 3, "epochs": 5})
    prepared, events = Reporter.prepared, workspace.runs / "paused" / "events.jsonl"

    def epochs():
        return events.exists() and of(EpochEnded, [event for _, event in read_events(events)[0]])

    def pause(self, done, total):
        if self.phase == "features" and epochs():
            self.control.ask("pause")
            self.heard_at = 0.0
        prepared(self, done, total)

    with monkeypatch.context() as while_pausing:
        while_pausing.setattr(Reporter, "prepared", pause)
        assert train(made, "paused")[-1].epoch == 3.0
    Control(workspace.runs / "paused").clear()
    events = train(made, "paused")
    assert of(Started, events)[-1].epoch == 3
    assert [row.epoch for row in of(EpochEnded, events)] == [1, 2, 3, 4, 5]
    train(made, "whole")
    one, other = weights(workspace, "whole"), weights(workspace, "paused")
    assert all(torch.equal(one[key], other[key]) for key in one)


def test_a_finished_run_is_extended(recipe, train, workspace):
    train(recipe.model_copy(update={"epochs": 2}))
    Control(workspace.runs / "run").change("extend", 3)
    events = train(recipe.model_copy(update={"epochs": 2}))
    assert of(Started, events)[-1].epochs == 5
    assert [row.epoch for row in of(EpochEnded, events)] == [1, 2, 3, 4, 5]
    assert [(change.kind, change.epoch) for change in of(Changed, events)] == [("extend", 2.0)]
    assert events[-1].epochs == 5


@pytest.mark.parametrize("settings", [{}, {"patience": 1, "learning_rate": 1e-9, "best_by": "accuracy"}])
def test_a_run_that_was_over_before_its_time_is_trained_for_so_many_epochs(recipe, train, workspace, settings):
    """One that was stopped in the middle of an epoch, and one that had lost its patience."""
    made = recipe.model_copy(update={"epochs": 50, **settings})
    directory = workspace.runs / "run"
    if settings:
        done = train(made)[-1].epochs
    else:
        (directory / "control").mkdir(parents=True)
        stepped, steps = Reporter.stepped, []

        def stop(self, position, images, totals):
            steps.append(position.step)
            return stepped(self, position, images, totals) or len(steps) == 6

        with pytest.MonkeyPatch.context() as meanwhile:
            meanwhile.setattr(Reporter, "stepped", stop)
            done = train(made)[-1].epochs
        assert checkpoints.load(directory / "checkpoints").step > 0
    Control(directory).clear()
    Control(directory).change("extend_ended", 2)
    ended = train(made)[-1]
    assert (ended.status, ended.epochs) == ("finished", done + 2)
    if settings:  # asked while it works, it may lose its patience once more
        Control(directory).clear()
        Control(directory).change("extend", 20)
        assert train(made)[-1].epochs < done + 22


def test_the_learning_rate_and_the_frozen_stages_are_changed_on_the_way(recipe, train, workspace):
    made = recipe.model_copy(update={"freeze": 3, "epochs": 3, "schedule": "constant"})
    (workspace.runs / "run").mkdir()
    control = Control(workspace.runs / "run")
    control.change("learning_rate", 0.0005)
    control.change("unfreeze", 1)
    (control.folder / "000003.json").write_text('{"kind": "ext')  # half written
    events = train(made)
    assert {row.learning_rate for row in of(EpochEnded, events)} == {0.0005}
    assert [change.kind for change in of(Changed, events)][:2] == ["learning_rate", "unfreeze"]
    assert events[-1].status == "finished"
