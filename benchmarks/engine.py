"""What the engine gains where stages are free, where nothing is frozen and in prediction.

    python -m benchmarks.engine DATA [--write]

Each side is a process of its own on the same images and cores, one after the other in one call (benchmarks/sides.py);
Graft's runs are real ones, in their workers.
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
from pathlib import Path
from typing import Any

from benchmarks.bench import SECONDS_BETWEEN_LOOKS
from benchmarks.machine import describe_machine
from benchmarks.results import write
from benchmarks.sides import BATCH, FILES, FREE_EPOCHS, FREE_SEEDS, FROZEN
from benchmarks.tutorial import link_images
from core import runs
from core.backbones.catalogue import BUNDLED
from core.data.dataset import Dataset
from core.importing.importing import import_path
from core.runs import Run
from core.runs.launching import ALLOCATOR
from core.training.recipe import Recipe
from core.workspace import Workspace


class Comparison:
    """The dataset, imported, and its images in folders; `rows` gathers the table."""

    def __init__(self, folder: Path, data: Path) -> None:
        self.workspace, self.folder = Workspace.open(folder / "home"), folder / "linked"
        self.dataset: Dataset = import_path(self.workspace, data)
        link_images(self.dataset, self.folder)
        self.rows: list[str] = []

    def side(self, name: str, subject: str, **environment: str) -> dict[str, Any]:
        place = [str(self.workspace.root), subject, str(self.folder)]
        command = [sys.executable, "-m", "benchmarks.sides", name, *place]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env={**os.environ, **environment})
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        print(name, {key: each for key, each in found.items() if key != "tops"}, file=sys.stderr, flush=True)
        return found

    def row(self, what: str, graft: str, other: str, ratio: float) -> None:
        self.rows.append(f"| {what} | {graft} | {other} | {ratio:.2f} |")

    def train(self, **settings: Any) -> tuple[Run, float]:
        """A run from Start to its end, and the seconds that it took."""
        given = {"dataset": self.dataset.id, "dataset_version": self.dataset.version, "backbone": BUNDLED, **settings}
        while not any(self.workspace.root.glob("standby/*/ready")):
            runs.expect_start(self.workspace, BUNDLED)  # again, should the last run still be leaving
            time.sleep(SECONDS_BETWEEN_LOOKS)
        began = time.perf_counter()
        run = runs.start(self.workspace, Recipe.parse(given))
        view = run.view()
        while view.status.active:
            time.sleep(SECONDS_BETWEEN_LOOKS)
            view = run.view(view)
        seconds = time.perf_counter() - began
        if view.status is not runs.Status.FINISHED:
            raise SystemExit(f"The run was {view.status.value}: {view.message}\n{run.log_tail()}")
        return run, seconds


def last_stages_free(compare: Comparison) -> Run:
    """The first of Graft's runs also decodes the images and runs the frozen stages, and its time alone counts."""
    settings = {"freeze": FROZEN, "epochs": FREE_EPOCHS, "batch_size": BATCH}
    trained = [compare.train(**settings, seed=seed) for seed in range(FREE_SEEDS)]
    run, seconds = trained[0]
    accuracy = statistics.fmean(_accuracy(each) for each, _ in trained)
    plain = compare.side("plain_frozen", compare.dataset.id)
    compare.row(
        f"the last two of 9 stages free, {FREE_EPOCHS} epochs, seconds (accuracy, {FREE_SEEDS} seeds)",
        f"{seconds:.1f} ({accuracy:.1%})",
        f"plain loop, {plain['seconds']:.1f} ({plain['accuracy']:.1%})",
        plain["seconds"] / seconds,
    )
    return run


def _accuracy(run: Run) -> float:
    ended = run.view().ended
    assert ended is not None and ended.validation is not None and ended.validation.get("accuracy") is not None
    return ended.validation.get("accuracy")


def nothing_frozen(compare: Comparison) -> None:
    graft, timm = compare.side("graft", compare.dataset.id, **ALLOCATOR), compare.side("timm_style", compare.dataset.id)
    what, rate = f"nothing frozen, batches of {BATCH}, images/s", graft["images"]
    compare.row(what, f"{rate:.1f}", f"timm-style loop, {timm['rate']:.1f}", rate / timm["rate"])
    compare.row(what, f"{rate:.1f}", f"on tensors in memory, {graft['memory']:.1f}", rate / graft["memory"])


def prediction(compare: Comparison, run: Run) -> None:
    bundle = str(run.bundle)
    plain, graft = compare.side("plain_predict", bundle), compare.side("graft_predict", bundle)
    same = statistics.fmean(one == other for one, other in zip(plain["tops"], graft["tops"]))
    compare.row(
        f"prediction of {FILES:,} files, seconds",
        f"{graft['seconds']:.1f} ({same:.1%} the same answer)",
        f"plain loop, {plain['seconds']:.1f}",
        plain["seconds"] / graft["seconds"],
    )
    single, bare = graft["single"] * 1e3, plain["single"] * 1e3
    compare.row(
        "one image from its file, ms", f"{single:.0f}", f"the bare model on a ready tensor, {bare:.0f}", bare / single
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="a ZIP or a folder of class folders")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        compare = Comparison(Path(folder), options.data)
        nothing_frozen(compare)
        prediction(compare, last_stages_free(compare))
    count = len(compare.dataset.frame)
    head = f"{options.data.stem}: {count:,} images in {len(compare.dataset.classes)} classes, EfficientNet-Lite0."
    table = ["| | Graft | beside it | times as good |", "|---|---|---|---|", *compare.rows]
    words = "\n".join([head, describe_machine().line(), "", *table, ""])
    print(words)
    if options.write:
        write(words, options.data.stem, "engine.py")


if __name__ == "__main__":
    main()
