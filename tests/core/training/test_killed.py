"""Real processes, really killed: wherever they are, the run goes on and ends with the same bits."""

import multiprocessing
import os
import signal
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest
import safetensors.torch
import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

from core.backbones.model import build
from core.runtime import distributed
from core.runtime.device import choose_device
from core.training import checkpoints, preparation, saving, trainer
from core.training.process.control import Control
from core.training.process.events import EpochEnded, EventLog, read_events
from core.training.process.reporter import Follower, Reporter
from core.training.recipe import Recipe
from core.workspace import Workspace

# Forks a process that has imported torch and computed nothing yet, so that each of the many starts at once.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__, "timm", "torchvision"])

# Where a process dies, and the how-maniest time that it is there.
HALF_WRITTEN, ONE_IS_AWAY, RENAMED, STEPPED = "half a checkpoint", "before.pt", "last.pt", "a step"
BUNDLE = "weights.safetensors"
MOMENTS = [(STEPPED, 1), (STEPPED, 8), (STEPPED, 15), (HALF_WRITTEN, 1), (HALF_WRITTEN, 7), (HALF_WRITTEN, 20)]
MOMENTS += [(ONE_IS_AWAY, 1), (ONE_IS_AWAY, 13), (RENAMED, 1), (RENAMED, 10), (RENAMED, 22), (BUNDLE, 1)]


def die_at(place: str, number: int) -> None:
    """This process is killed there: in the middle of a checkpoint, once a file has its name, or after a step."""
    times, rename, save = Counter(), os.replace, torch.save

    def here(where: object) -> bool:
        times[where] += 1
        return (where, times[where]) == (place, number)

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def write_half(kept, file):
        if here(HALF_WRITTEN):
            file.write(b"PK half of it")
            file.flush()
            die()
        save(kept, file)

    def rename_and_die(source, target):
        rename(source, target)
        if here(Path(target).name):
            die()

    torch.save, os.replace = write_half, rename_and_die
    register_optimizer_step_post_hook(lambda *_: die() if here(STEPPED) else None)


def carry_out(root: Path, recipe: Recipe, name: str, dies: tuple[str, int] | None = None) -> None:
    """In a process of its own: a run with a checkpoint after every step.

    Where the environment tells of others, they train it together.
    """

    def build_random(info, workspace, *, reads="last", **_):
        torch.manual_seed(1)
        return build(info, workspace, random=True, reads=reads)

    if dies:
        die_at(*dies)
    preparation.build = build_random
    saving.SECONDS_BETWEEN, saving.SHARE = 0.0, 1e9
    workspace = Workspace(root)
    directory = workspace.runs / name
    directory.mkdir(exist_ok=True)
    with distributed.assembled(cuda=False) as team:
        device = choose_device("cpu", team)
        leading = EventLog(directory / "events.jsonl"), Control(directory), device
        reporter = Reporter(*leading) if team.leads else Follower(device)
        trainer.Trainer(workspace, directory, recipe, device, reporter, team=team).run()


@pytest.fixture
def begin(workspace, recipe, monkeypatch):
    # A process would first import what the main module was, which a test of a page may have put in its place.
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    made = Recipe.parse({**recipe.model_dump(), **SETTINGS})

    def begin(name, *rest):
        process = PROCESSES.Process(target=carry_out, args=(workspace.root, made, name, *rest))
        process.start()
        return process

    return begin


@pytest.fixture
def outcome(workspace):
    def outcome(name):
        directory = workspace.runs / name
        told = [event for _, event in read_events(directory / "events.jsonl")[0] if isinstance(event, EpochEnded)]
        return told[-1].validation, safetensors.torch.load_file(directory / "bundle" / "weights.safetensors")

    return outcome


SETTINGS = {
    "freeze": 2,
    "unfreeze": "after_head",
    "epochs": 6,
    "average": 0.9,
    "mixup": 0.3,
    "accumulate": 2,
    "batch_size": 4,
    "schedule": "one_cycle",
    "balance": "sampling",
    "augmentation": "standard",
    "views": 2,
    "head": {"kind": "hidden", "hidden_units": 8, "dropout": 0.5},
}


def finish(process):
    process.join(60)
    assert process.exitcode == 0


def same(one, other):
    return one[0] == other[0] and all(torch.equal(one[1][key], other[1][key]) for key in one[1])


def test_a_run_killed_anywhere_ends_with_the_same_bits(begin, outcome, workspace):
    finish(begin("whole"))
    whole = outcome("whole")
    for place, number in MOMENTS:
        name = f"{place} {number}".replace(" ", "-")
        process = begin(name, (place, number))
        process.join(60)
        assert process.exitcode == -signal.SIGKILL, (place, number)
        kept = checkpoints.load(workspace.runs / name / "checkpoints")
        finish(begin(name))
        assert same(whole, outcome(name)), (place, number, kept and (kept.epoch, kept.step))
