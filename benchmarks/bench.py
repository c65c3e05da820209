"""The default Graft run against the plain loop of the PyTorch transfer-learning tutorial, on photos of your own.

    make bench DATA=path/to/photos            (or: python -m benchmarks.bench PATH [--repeat N] [--json] [--write])

PATH is a folder or ZIP of class folders, split or not. Both train on the same images, the same split, the same
backbone with the same weights, the same device and cores, one after the other in the same call:

- Graft: import, then the default recipe through `core.runs.start`, timed from Start until the worker has ended. As from
  a page: a worker stands by, with torch imported, as it does while somebody looks at Fine-tune. Then the same once
  more, with what the frozen stages gave already kept. Then as from a shell, where the import of torch is part of it:
  with everything kept, and with nothing.
- The tutorial's loop (benchmarks/tutorial.py), in this process, with torch imported beforehand.

Each repeat begins in an empty workspace; times and accuracies are medians.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.machine import describe_machine
from benchmarks.results import write
from benchmarks.tutorial import tutorial_loop
from core import runs
from core.backbones.catalogue import BUNDLED
from core.data.dataset import Dataset
from core.importing.importing import import_path
from core.store.cache import empty
from core.training.recipe import Recipe
from core.workspace import Workspace

BATCH_SIZES = (4, 32)  # the tutorial's own, and Graft's
SECONDS_BETWEEN_LOOKS = 0.01
IMPORT, FIRST = "Graft: import", "Graft: first run, from a page"
BOTH, AGAIN = "Graft: import and first run, from a page", "Graft: the same run again, from a page"
SHELL_AGAIN, SHELL = "Graft: the same run again, from a shell", "Graft: first run, from a shell"


@dataclass(frozen=True)
class Measured:
    """One line of the result. accuracy: of the validation images in the best epoch, 0 to 1."""

    seconds: float
    epochs: int | None = None
    accuracy: float | None = None


def measure(path: Path, seed: int) -> tuple[Dataset, dict[str, Measured]]:
    """Everything once, from an empty workspace."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.open(folder)
        bring_in = import_path
        dataset, seconds = timed(lambda: bring_in(workspace, path))
        found = {IMPORT: _said(IMPORT, Measured(seconds))}
        found[FIRST] = _said(FIRST, graft_run(workspace, dataset, seed, standby=True))
        found[BOTH] = Measured(seconds + found[FIRST].seconds, found[FIRST].epochs, found[FIRST].accuracy)
        found[AGAIN] = _said(AGAIN, graft_run(workspace, dataset, seed, standby=True))
        found[SHELL_AGAIN] = _said(SHELL_AGAIN, graft_run(workspace, dataset, seed))
        empty(workspace)
        (workspace.root / "measured.json").unlink(missing_ok=True)
        found[SHELL] = _said(SHELL, graft_run(workspace, dataset, seed))
        for batch_size in BATCH_SIZES:
            name = f"Tutorial, batches of {batch_size}"
            result, seconds = timed(lambda size=batch_size: tutorial_loop(workspace, dataset, size, seed))
            found[name] = _said(name, Measured(seconds, result.epochs, result.accuracy))
    return dataset, found


def _said(name: str, measured: Measured) -> Measured:
    """Tell whoever waits; the table comes at the end."""
    accuracy = "" if measured.accuracy is None else f", validation accuracy {measured.accuracy:.1%}"
    print(f"{name}: {measured.seconds:.1f} s{accuracy}", file=sys.stderr, flush=True)
    return measured


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    return work(), time.perf_counter() - began


def graft_run(workspace: Workspace, dataset: Dataset, seed: int, standby: bool = False) -> Measured:
    """The default recipe in a worker of its own, from Start until a page would say that it has ended."""
    recipe = Recipe(dataset=dataset.id, dataset_version=dataset.version, backbone=BUNDLED, seed=seed)
    if standby:
        while not any(workspace.root.glob("standby/*/ready")):
            runs.expect_start(workspace, BUNDLED)  # again, should the last run still be leaving
            time.sleep(SECONDS_BETWEEN_LOOKS)
    began = time.perf_counter()
    run = runs.start(workspace, recipe)
    view = run.view()
    while view.status.active:
        time.sleep(SECONDS_BETWEEN_LOOKS)
        view = run.view(view)
    seconds = time.perf_counter() - began
    if view.ended is None or view.ended.status != "finished" or view.ended.validation is None:
        raise SystemExit(f"The Graft run was {view.status.value}: {view.message}\n{run.log_tail()}")
    return Measured(seconds, view.ended.epochs, view.ended.validation.get("accuracy"))


def medians(repeats: list[dict[str, Measured]]) -> dict[str, Measured]:
    return {
        name: Measured(
            statistics.median(each[name].seconds for each in repeats),
            first.epochs,
            None if first.accuracy is None else statistics.median(each[name].accuracy or 0.0 for each in repeats),
        )
        for name, first in repeats[0].items()
    }


def table(found: dict[str, Measured]) -> str:
    """Markdown. "times as long": as Graft's import and first run together."""
    lines = ["| | epochs | seconds | times as long | validation accuracy |", "|---|---|---|---|---|"]
    unit = found[BOTH].seconds
    for name, each in found.items():
        accuracy = "" if each.accuracy is None else f"{each.accuracy:.1%}"
        lines.append(f"| {name} | {each.epochs or ''} | {each.seconds:.2f} | {each.seconds / unit:.2f} | {accuracy} |")
    return "\n".join(lines)


def main() -> None:
    options = _options()
    repeats = []
    for seed in range(options.repeat):
        print(f"Measuring, {seed + 1} of {options.repeat}", file=sys.stderr)
        dataset, found = measure(options.data, seed)
        repeats.append(found)
    result, machine, photos = medians(repeats), describe_machine(), _photos(dataset, options.data)
    words = f"{photos}, median of {options.repeat}.\n{machine.line()}\n\n{table(result)}\n"
    if options.write:
        write(words, photos.split(":")[0])
    if options.json:
        lines = {name: asdict(each) for name, each in result.items()}
        print(json.dumps({"data": photos, "repeats": options.repeat, "machine": asdict(machine), "results": lines}))
    else:
        print(words)


def _photos(dataset: Dataset, path: Path) -> str:
    counts = dataset.counts().sum()
    return (
        f"{path.resolve().name}: {len(dataset.frame)} images in {len(dataset.classes)} classes, "
        f"{counts['train']} to train and {counts['validation']} to validate"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.bench", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path, help="a folder or ZIP of class folders")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="how often; the medians are reported")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--write", action="store_true", help="put the result into docs/performance.md")
    options = parser.parse_args()
    if not options.data.exists():
        parser.error(f"there is no {options.data}; give a folder or ZIP of class folders")
    if options.repeat < 1:
        parser.error("--repeat takes a whole number from 1")
    return options


if __name__ == "__main__":
    main()
