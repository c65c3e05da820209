"""What the engine does on an accelerator: checked, measured and written down, in at most ten minutes.

    python -m benchmarks.gpu [--write] [--rehearse]

Needs `core` and its libraries alone, and no network: networks have random weights. `make gpu-wheels` fetches what such
a machine may lack, `make gpu` installs that beside and runs this. Each part is a process of its own; one that fails, or
has no time left, is a row that says so. On a machine without an accelerator nothing is measured, and that is an error.
--rehearse goes through all of it on the CPU with a small network, to try this script out; that is never written.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

from benchmarks import tutorial
from benchmarks.machine import describe_machine
from benchmarks.results import write
from benchmarks.sides import loop_rates
from core.backbones.catalogue import BackboneInfo
from core.backbones.model import Backbone, build
from core.data.dataset import load_dataset
from core.importing.importing import import_sample
from core.runtime.device import choose_device
from core.training import preparation, saving
from core.training.process.control import Control
from core.training.process.events import EpochEnded, EventLog, read_events
from core.training.process.reporter import Reporter
from core.training.recipe import Recipe
from core.training.trainer import Trainer
from core.workspace import Workspace

SECONDS = 600.0
GOAL = 0.95  # of the rate on tensors in memory
TOLERANCE = 1e-3  # of the loss, between an accelerator and a processor in float32
TESTS = ("tests/core", "-q", "-p", "no:cacheprovider")


@dataclass(frozen=True)
class Scale:
    """What is run: on an accelerator, or small, to rehearse. share: of the memory, where little is to be left."""

    network: str
    batch: int
    steps: int
    tests: tuple[str, ...]
    share: float
    resolution: int | None = None


FULL = Scale("timm/resnet50.a1_in1k", 128, 30, TESTS, 0.05)
SMALL = Scale("timm/test_efficientnet.r160_in1k", 8, 2, ("tests/core/test_words.py", *TESTS[1:]), 1.0, 64)


@dataclass(frozen=True)
class Row:
    """good: whether it is as it should be; None where there is no goal."""

    what: str
    found: str
    goal: str = ""
    good: bool | None = None

    def __str__(self) -> str:
        verdict = "" if self.good is None else "yes" if self.good else "**no**"
        return f"| {self.what} | {self.found} | {self.goal} | {verdict} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    parser.add_argument("--rehearse", action="store_true", help="on the CPU, with a small network")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        scale = SMALL if options.rehearse else FULL
        print(json.dumps([vars(row) for row in PARTS[options.part](Workspace.open(options.home), scale)]))
        return 0
    if not options.rehearse and choose_device().torch.type == "cpu":
        print("This machine has no accelerator that torch can use: nothing was measured.", file=sys.stderr)
        return 1
    rows = measure(options.rehearse)
    words = "\n".join([describe_machine().line(), "", "| | found | goal | as it should be |", "|---|---|---|---|"])
    words += "".join(f"\n{row}" for row in rows) + "\n"
    print(words)
    if options.write and not options.rehearse:
        write(words, choose_device().name, "gpu.py")
    return int(any(row.good is False for row in rows))


def measure(rehearse: bool) -> list[Row]:
    """All parts, one after the other, within the time."""
    ends, rows = time.monotonic() + SECONDS, list[Row]()
    with tempfile.TemporaryDirectory() as home:
        import_sample(Workspace.open(home), "textures")
        for part in PARTS:
            rows += in_process(part, Path(home), rehearse, ends - time.monotonic())
            print(*rows, sep="\n", file=sys.stderr, flush=True)
    return rows


def in_process(part: str, home: Path, rehearse: bool, seconds: float) -> list[Row]:
    command = [sys.executable, "-m", "benchmarks.gpu", "--part", part, "--home", str(home)]
    command += ["--rehearse"] if rehearse else []
    environment = {**os.environ, "GRAFT_DEVICE": "cpu"} if rehearse else None
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, env=environment, text=True, timeout=max(1.0, seconds))
    except subprocess.TimeoutExpired:
        return [Row(part, "no time was left", good=False)]
    if done.returncode:
        return [Row(part, f"failed, with status {done.returncode}", good=False)]
    return [Row(**row) for row in json.loads(done.stdout.splitlines()[-1])]


# The parts: each runs in a process of its own ------------------------------------------------------------------------


def tests_of_core(workspace: Workspace, scale: Scale) -> list[Row]:
    several = ["-n", str(min(8, os.cpu_count() or 1))] if has_xdist() else []
    command = [sys.executable, "-m", "pytest", *scale.tests, *several]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    print(done.stdout[-5000:], file=sys.stderr)
    return [Row("tests of core", done.stdout.splitlines()[-1].strip("= "), "all pass", done.returncode == 0)]


def has_xdist() -> bool:
    try:
        import xdist  # noqa: F401
    except ImportError:
        return False
    return True


def same_as_processor(workspace: Workspace, scale: Scale) -> list[Row]:
    """Losses of two epochs in float32: with a frozen backbone, and with nothing frozen."""
    rows = []
    for name, frozen in {"all frozen": "all", "nothing frozen": 0}.items():
        settings = {"freeze": frozen, "epochs": 2, "optimizer": "sgd", "learning_rate": 0.001, "precision": "float32"}
        one, other = (
            train(workspace, f"{device} {name}", scale, device, **settings).losses for device in (None, "cpu")
        )
        apart = max(abs(a - b) / max(abs(b), 1e-6) for a, b in zip(one, other))
        what = f"loss beside the processor's, float32, {name}"
        rows.append(Row(what, f"{apart:.1e} apart", f"below {TOLERANCE:.0e}", apart < TOLERANCE))
    return rows


def precisions(workspace: Workspace, scale: Scale) -> list[Row]:
    """And how the rate on images compares with that on tensors in memory, in what is chosen where nothing is said."""
    random_weights()
    rows, found = [], {}
    for precision in ("float32", "bfloat16", "auto"):
        given = {"freeze": 0, "augmentation": "standard", "batch_size": scale.batch, "precision": precision}
        found[precision] = loop_rates(workspace, recipe_of(workspace, scale, **given), scale.steps)
        said = "measuring chose" if precision == "auto" else precision
        rows.append(Row(f"{short(scale)}, nothing frozen, {said}", f"{found[precision]['images']:,.0f} images/s"))
    share = found["bfloat16"]["images"] / found["bfloat16"]["memory"]
    what = f"{short(scale)}, nothing frozen, bfloat16, as a share of the rate on data in memory"
    return [*rows, Row(what, f"{share:.2f}", f"{GOAL}", share >= GOAL)]


def out_of_memory(workspace: Workspace, scale: Scale) -> list[Row]:
    """The batch size that is found with all of the memory, and with little of it; both runs have to end well."""
    settings = {"freeze": 0, "epochs": 1, "batch_size": "auto"}
    with_all = train(workspace, "all memory", scale, **settings).batch_size
    if torch.cuda.is_available():
        torch.cuda.set_per_process_memory_fraction(scale.share)
    (workspace.shared / "measured.json").unlink(missing_ok=True)
    with_little = train(workspace, "little memory", scale, **settings).batch_size
    good = with_little < with_all or scale.share == 1.0
    return [Row("batch found with little memory", f"{with_little}, with all of it {with_all}", "fewer", good)]


def killed_and_resumed(workspace: Workspace, scale: Scale) -> list[Row]:
    one = train(workspace, "whole", scale, **IN_THE_MIDDLE).weights
    status = killed(workspace.root, scale)
    other = train(workspace, "killed", scale, **IN_THE_MIDDLE).weights
    apart = [name for name in one if not torch.equal(one[name], other[name])]
    found = f"{len(apart)} of {len(one)} tensors differ" if apart else "the same bits"
    good = not apart and status == -signal.SIGKILL
    return [Row("killed and resumed, nothing frozen", found, "the same bits", good)]


IN_THE_MIDDLE = {"freeze": 0, "epochs": 2, "batch_size": 16, "augmentation": "standard", "average": 0.9}


def killed(root: Path, scale: Scale) -> int | None:
    """The exit status of a process that dies in the middle of the run "killed"."""
    process = multiprocessing.get_context("spawn").Process(target=die_in_the_middle, args=(root, scale))
    process.start()
    process.join()
    return process.exitcode


def die_in_the_middle(root: Path, scale: Scale) -> None:
    """In a process of its own: with a checkpoint after each step, until the middle of the second epoch."""
    steps = itertools.count(1)
    register_optimizer_step_post_hook(lambda *_: os.kill(os.getpid(), signal.SIGKILL) if next(steps) == 14 else None)
    saving.SECONDS_BETWEEN, saving.SHARE = 0.0, 1e9
    train(Workspace(root), "killed", scale, **IN_THE_MIDDLE)


def frozen_twice(workspace: Workspace, scale: Scale) -> list[Row]:
    """Beside the tutorial's loop, all in this process: without the start of a worker."""
    dataset = load_dataset(workspace, recipe_of(workspace, scale).dataset, 1)
    tutorial.EPOCHS = epochs = 10 if scale is FULL else 1
    tutorial.BUNDLED = scale.network
    random_weights()
    plain = seconds_of(lambda: tutorial.tutorial_loop(workspace, dataset, 32, 0))
    rows = [Row(f"the tutorial's loop, all frozen, {epochs} epochs", f"{plain:.1f} s")]
    for which in ("first", "second"):
        seconds = seconds_of(partial(train, workspace, f"frozen {which}", scale, epochs=epochs))
        rows.append(Row(f"Graft, all frozen, {which} run", f"{seconds:.1f} s, {plain / seconds:.1f} times as fast"))
    return rows


PARTS: dict[str, Callable[[Workspace, Scale], list[Row]]] = {
    "the share of the rate on data in memory": precisions,
    "results equal to the processor's": same_as_processor,
    "out of memory": out_of_memory,
    "killed and resumed": killed_and_resumed,
    "frozen, first and second run": frozen_twice,
    "tests of core": tests_of_core,
}


# What they share -----------------------------------------------------------------------------------------------------


def recipe_of(workspace: Workspace, scale: Scale, **settings: Any) -> Recipe:
    (dataset,) = (file.parent.name for file in workspace.datasets.glob("*/dataset.json"))
    return Recipe.parse(
        {
            "dataset": dataset,
            "dataset_version": 1,
            "backbone": scale.network,
            **settings,
            "resolution": scale.resolution,
        }
    )


@dataclass(frozen=True)
class Trained:
    """losses: of each epoch, of training and of validation."""

    losses: list[float]
    batch_size: int
    weights: dict[str, torch.Tensor]


def train(workspace: Workspace, name: str, scale: Scale, where: str | None = None, **settings: Any) -> Trained:
    """A run in this process, which goes on where it was."""
    random_weights()
    directory = workspace.runs / name.replace(" ", "-")
    directory.mkdir(exist_ok=True)
    device, log = choose_device(where), EventLog(directory / "events.jsonl")
    reporter = Reporter(log, Control(directory), device)
    trainer = Trainer(workspace, directory, recipe_of(workspace, scale, **settings), device, reporter)
    trainer.run()
    log.close()
    told = [event for _, event in read_events(directory / "events.jsonl")[0] if isinstance(event, EpochEnded)]
    losses = [part.loss for event in told for part in (event.train, event.validation) if part]
    weights = safetensors.torch.load_file(directory / "bundle" / "weights.safetensors")
    return Trained(losses, int(trainer.recipe.batch_size), weights)


def random_weights() -> None:
    """The same ones each time, in place of pretrained ones, which such a machine need not have."""

    def build_random(info: BackboneInfo, workspace: Workspace, **settings: Any) -> Backbone:
        torch.manual_seed(1)
        return build(info, workspace, **settings, random=True)

    preparation.build = tutorial.build = build_random  # type: ignore[assignment]


def seconds_of(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def short(scale: Scale) -> str:
    return scale.network.partition("/")[2].partition(".")[0]


if __name__ == "__main__":
    sys.exit(main())
