"""Real processes, really killed: whatever the moment, the run goes on and ends with the same bits."""

import multiprocessing
import os
import random
import signal
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest
import safetensors.torch
import torch

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

MOMENTS = 20


def carry_out(root: Path, recipe: Recipe, name: str, dies_writing: int = 0) -> None:
    """In a process of its own: a run with a checkpoint after every step. Dies in the middle of writing one.

    Where the environment tells of others, they train it together.
    """

    def build_random(info, workspace, *, weights_file=None, reads="last"):
        torch.manual_seed(1)
        return build(info, workspace, random=True, reads=reads)

    written = []

    def write_half(kept, file):
        written.append(kept)
        if len(written) == dies_writing:
            file.write(b"PK half of it")
            file.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        save(kept, file)

    save, checkpoints.torch.save = torch.save, write_half
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


def test_a_run_killed_at_any_moment_ends_with_the_same_bits(begin, outcome, workspace):
    finish(begin("warm"))  # keeps what the frozen stages give
    began = time.monotonic()
    finish(begin("whole"))
    whole, lasted = outcome("whole"), time.monotonic() - began
    moments, steps = random.Random(4), set()
    for number in range(MOMENTS):
        name = f"killed-{number}"
        if number % 4 == 0:
            process = begin(name, moments.randint(1, 20))
            process.join(60)
        else:
            process = begin(name)
            time.sleep(moments.uniform(0.2, 1.0) * lasted)
            process.kill()
            process.join(60)
        kept = checkpoints.load(workspace.runs / name / "checkpoints")
        steps.add((kept.epoch, kept.step) if kept else None)
        finish(begin(name))
        assert same(whole, outcome(name)), (number, kept and (kept.epoch, kept.step))
    assert len(steps) > MOMENTS / 3  # they were moments of all kinds
