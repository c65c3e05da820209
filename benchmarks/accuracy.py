"""The untouched defaults against fastai's `fine_tune`, on the sample sets and on any others: accuracy and time.

    python -m benchmarks.accuracy [SET ...] [--learn N] [--presets NAME ...] [--write]

Each SET is a folder or ZIP of class folders. With each of three seeds N images of a set are drawn by lot to learn
from, a fifth of them to validate, and others for a test that neither side looks at before its end. Both sides learn
from the same images, with the same backbone, weights and normalisation, for Graft's default number of epochs, each in
a process of its own, one after the other in one call:

- Graft: the default recipe (or a preset's) through `core.runs.start`, from Start until the worker has ended, with
  nothing kept, the import of torch included. Tested are the weights that it keeps, those of the best epoch.
- fastai (benchmarks/fastai_side.py): from the images to the trained model, with torch and fastai imported beforehand,
  and with two things that its users seldom give it, since they make it about three times as fast with the same
  answers: the allocator's settings of Graft's worker, and the layout `channels_last`. Tested is what `fine_tune`
  leaves, the weights of the last epoch.

fastai is in build/fastai: `make build/fastai/installed`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from safetensors.torch import save_file

from benchmarks.bench import SECONDS_BETWEEN_LOOKS
from benchmarks.machine import describe_machine
from benchmarks.results import write
from benchmarks.tutorial import link_images
from core import runs
from core.backbones.catalogue import BUNDLED, find
from core.backbones.weights import pretrained_network
from core.data.changes import leave_out, resplit
from core.data.dataset import Dataset
from core.importing.importing import import_path
from core.importing.samples.samples import SAMPLES, sample_folder
from core.inference.predictor import Predictor
from core.runs.launching import ALLOCATOR
from core.store.cache import empty
from core.training.presets import DEFAULT, PRESETS
from core.training.recipe import Recipe
from core.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]
FASTAI = ROOT / "build" / "fastai"
SEEDS = (0, 1, 2)
LEARN, VALIDATION = 80, 0.2  # images to learn from, and the share of them to validate with
TEST = 200  # images at most
EPOCHS: int = Recipe.model_fields["epochs"].default
FOUND_BY = "fastai"


class Measured(NamedTuple):
    """seconds: to train. accuracy: on the test images, 0 to 1."""

    seconds: float
    accuracy: float


Found = dict[str, list[Measured]]  # by the side, one for each seed


def measure(workspace: Workspace, dataset: Dataset, seed: int, presets: list[str], learn: int) -> dict[str, Measured]:
    """Every side once, on one division of the images."""
    divided = divide(workspace, dataset, seed, learn)
    with tempfile.TemporaryDirectory() as folder:
        link_images(divided, Path(folder))
        found = {preset: graft(workspace, divided, Path(folder), seed, preset) for preset in presets}
        found[FOUND_BY] = fastai(workspace, Path(folder), seed)
    for side, each in found.items():
        said = f"{each.accuracy:.1%} in {each.seconds:.1f} s"
        print(f"{dataset.name}, seed {seed}, {side}: {said}", file=sys.stderr, flush=True)
    return found


def divide(workspace: Workspace, dataset: Dataset, seed: int, learn: int) -> Dataset:
    """So many of the images to learn from, and others to test, by lot; of a small set, a third is tested."""
    if len(dataset.frame) > learn + TEST:
        others = dataset.frame["name"].sample(len(dataset.frame) - learn - TEST, random_state=seed)
        dataset = leave_out(workspace, dataset, list(others))
    share = min(learn / len(dataset.frame), 2 / 3)
    return resplit(workspace, dataset, validation=VALIDATION * share, test=1 - share, seed=seed)


def graft(workspace: Workspace, dataset: Dataset, folder: Path, seed: int, preset: str) -> Measured:
    empty(workspace)
    (workspace.root / "measured.json").unlink(missing_ok=True)
    place = {"dataset": dataset.id, "dataset_version": dataset.version, "backbone": BUNDLED}
    recipe = Recipe.parse({**place, **PRESETS[preset].settings(dataset.kind), "seed": seed})
    began = time.perf_counter()
    run = runs.start(workspace, recipe)
    view = run.view()
    while view.status.active:
        time.sleep(SECONDS_BETWEEN_LOOKS)
        view = run.view(view)
    seconds = time.perf_counter() - began
    if view.status is not runs.Status.FINISHED:
        raise SystemExit(f"The Graft run was {view.status.value}: {view.message}\n{run.log_tail()}")
    files = sorted((folder / "test").glob("*/*"))
    answers = Predictor.open(run.bundle).predict((path.name, path) for path in files)
    right = [
        answer.prediction is not None and answer.prediction.top[0].label == dataset.classes[int(path.parent.name)]
        for answer, path in zip(answers, files, strict=True)
    ]
    return Measured(seconds, statistics.fmean(right))


def fastai(workspace: Workspace, folder: Path, seed: int, epochs: int = EPOCHS) -> Measured:
    weights = workspace.root / "backbone.safetensors"
    if not weights.exists():
        save_file(pretrained_network(find(BUNDLED), workspace).state_dict(), weights)
    command = [sys.executable, "-m", "benchmarks.fastai_side", str(folder), str(weights), str(epochs), str(seed)]
    environment = {**os.environ, **ALLOCATOR, "PYTHONPATH": str(FASTAI), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment, cwd=ROOT)
    said = json.loads(done.stdout.splitlines()[-1])
    return Measured(said["seconds"], said["accuracy"])


def datasets(workspace: Workspace, paths: list[Path]) -> Iterator[Dataset]:
    """The sample sets that have classes, and those given."""
    with ExitStack() as stack:
        samples = [(each.key, stack.enter_context(sample_folder(each.key))) for each in SAMPLES if each.classes]
        for name, path in [*samples, *((path.stem, path) for path in paths)]:
            yield import_path(workspace, path, name=name)


def table(found: dict[str, Found]) -> list[str]:
    """Markdown: a line for each set and one for their mean. Seconds and accuracies are means over the seeds."""
    sides = list(next(iter(found.values())))
    titles = [f"Graft, {PRESETS[side].title}" if side in PRESETS else side for side in sides]
    lines = [
        f"| | {' | '.join(titles)} | {' | '.join(f'{title}, s' for title in titles)} |",
        "|---" * (1 + 2 * len(sides)) + "|",
    ]
    means = {name: {side: _mean(each) for side, each in by_side.items()} for name, by_side in found.items()}
    means["**mean**"] = {side: _mean([each[side] for each in means.values()]) for side in sides}
    for name, by_side in means.items():
        accuracies = [f"{each.accuracy:.1%}" for each in by_side.values()]
        seconds = [f"{each.seconds:.1f}" for each in by_side.values()]
        lines.append(f"| {name} | {' | '.join(accuracies + seconds)} |")
    return lines


def _mean(measured: list[Measured]) -> Measured:
    return Measured(*(statistics.fmean(column) for column in zip(*measured)))


def main() -> None:
    options = _options()
    found: dict[str, Found] = {}
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.open(folder)
        for dataset in datasets(workspace, options.sets):
            each = [measure(workspace, dataset, seed, options.presets, options.learn) for seed in SEEDS]
            found[dataset.name] = {side: [measured[side] for measured in each] for side in each[0]}
    head = (
        f"Accuracy on at most {TEST} test images, a mean of {len(SEEDS)} seeds; {options.learn} other images to "
        f"learn from, {VALIDATION:.0%} of them to validate; {EPOCHS} epochs."
    )
    words = "\n".join([head, describe_machine().line(), "", *table(found), ""])
    print(words)
    if options.write:
        write(words, "Beside fastai", "accuracy.py", "defaults.md")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.accuracy", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("sets", type=Path, nargs="*", help="folders or ZIPs of class folders, beside the sample sets")
    parser.add_argument("--learn", type=int, default=LEARN, metavar="N", help="images of each set")
    parser.add_argument("--presets", nargs="+", choices=list(PRESETS), default=[DEFAULT], metavar="NAME")
    parser.add_argument("--write", action="store_true", help="put the table into docs/defaults.md")
    options = parser.parse_args()
    for path in options.sets:
        if not path.exists():
            parser.error(f"there is no {path}; give a folder or ZIP of class folders")
    if not (FASTAI / "fastai").is_dir():
        parser.error("fastai is not there yet; say: make build/fastai/installed")
    return options


if __name__ == "__main__":
    main()
