"""Two processes train one run together, and it is as if there were one."""

import itertools
import os
import signal
import sys
from contextlib import suppress
from types import ModuleType

import pytest
import safetensors.torch
import torch

from core.errors import RunError
from core.runtime import distributed
from core.runtime.device import choose_device
from core.training.process.control import Control
from core.training.process.events import EpochEnded, read_events
from core.training.process.reporter import StopRequested
from tests.core.training.test_killed import HALF_WRITTEN, PROCESSES, carry_out


def train_along(environment, *rest):
    os.environ.update(environment)
    carry_out(*rest)


def meet(environment):
    """The leader gives up waiting for the other, which never comes."""
    os.environ.update(environment)
    with distributed.assembled(cuda=False) as together:
        if not together.leads:
            signal.pause()
        heard = itertools.count()
        with suppress(StopRequested):
            together.wait(lambda: give_up(next(heard)))


def give_up(looks):
    if looks == 3:
        raise StopRequested


@pytest.fixture
def train_together(workspace, tmp_path, monkeypatch):
    """Carries a recipe out in the directory `name`; the leader dies where it is asked to. Returns its
    epochs."""
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))

    def carry_out_together(recipe, name, dies=None, size=2):
        meeting = tmp_path / "meeting"
        meeting.unlink(missing_ok=True)
        processes = []
        for rank in range(size):
            told = (
                distributed.environment(rank, size, meeting),
                workspace.root,
                recipe,
                name,
                None if rank else dies,
            )
            processes.append(PROCESSES.Process(target=train_along, args=told))
            processes[-1].start()
        for process in processes:
            process.join(60)
            assert (process.exitcode == 0) == (not dies)
        return epochs([event for _, event in read_events(workspace.runs / name / "events.jsonl")[0]])

    return carry_out_together


def epochs(events):
    return [event for event in events if isinstance(event, EpochEnded)]


def weights(workspace, name):
    return safetensors.torch.load_file(workspace.runs / name / "bundle" / "weights.safetensors")


PLAIN = {"optimizer": "sgd", "epochs": 2, "batch_size": 7}


@pytest.mark.parametrize(
    "settings",
    [
        {"freeze": "all"},
        {"freeze": 0},  # BatchNorm learns, from whole batches
        {"freeze": 2, "unfreeze": "after_head", "accumulate": 2, "clip": 0.5, "balance": "weights", "average": 0.9}
        | {"label_smoothing": 0.1, "augmentation": "standard", "views": 2},
    ],
    ids=["all frozen", "none frozen", "everything at once"],
)
def test_two_processes_learn_as_one(recipe, train, train_together, settings):
    recipe = recipe.model_copy(update=PLAIN | settings)
    alone, together = epochs(train(recipe, "alone")), train_together(recipe, "together")
    assert len(alone) == len(together) == recipe.epochs
    for one, other in zip(alone, together):
        assert other.train.loss == pytest.approx(one.train.loss, rel=1e-4)
        assert other.validation.loss == pytest.approx(one.validation.loss, rel=1e-4)
        assert (other.train.get("accuracy"), other.validation.get("accuracy")) == (
            one.train.get("accuracy"),
            one.validation.get("accuracy"),
        )


def test_who_finds_nothing_left_of_a_batch_counts_for_nothing(recipe, train, train_together):
    """Of 21 images the last batch has 2. BatchNorm, which learns here, sees no third one."""
    recipe = recipe.model_copy(update=PLAIN | {"batch_size": 19, "freeze": 0})
    alone, together = epochs(train(recipe, "alone")), train_together(recipe, "together", size=3)
    assert [row.train.loss for row in together] == pytest.approx([row.train.loss for row in alone], rel=1e-4)
    assert [row.validation.loss for row in together] == pytest.approx([row.validation.loss for row in alone], rel=1e-4)


@pytest.mark.parametrize(("wanted", "said"), [("cuda:1", "GRAFT_DEVICE=cuda:1 lets it have one"), ("mps", "has 1")])
def test_a_team_that_finds_too_few_devices_says_so(wanted, said):
    with pytest.raises(RunError, match=said):
        choose_device(wanted, distributed.Team(0, 2, 0, 2))


def test_a_run_of_two_processes_goes_on_after_a_kill_with_the_same_bits(recipe, train_together, workspace):
    settings = {"freeze": 2, "mixup": 0.3, "head": {"kind": "hidden", "hidden_units": 8, "dropout": 0.5}}
    recipe = type(recipe).parse({**recipe.model_dump(), **settings})
    whole = train_together(recipe, "whole")
    train_together(recipe, "killed", dies=(HALF_WRITTEN, 5))
    assert len(train_together(recipe, "killed")) == len(whole)
    one, other = weights(workspace, "whole"), weights(workspace, "killed")
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_leader_that_waits_for_the_others_may_give_up_and_leave(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    told = [(distributed.environment(rank, 2, tmp_path / "meeting"),) for rank in range(2)]
    leader, other = [PROCESSES.Process(target=meet, args=each) for each in told]
    leader.start(), other.start()
    leader.join(60)
    assert leader.exitcode == 0 and other.is_alive()
    other.kill()
    other.join(60)


def test_what_is_asked_of_the_run_all_processes_heed(recipe, train_together, workspace):
    (workspace.runs / "run").mkdir()
    Control(workspace.runs / "run").change("extend", 1)
    assert [row.epoch for row in train_together(recipe.model_copy(update={"epochs": 1}), "run")] == [1, 2]
