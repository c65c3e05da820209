"""What costs accuracy when the last two stages are free? Graft's own settings, one changed at a time.

    python -m benchmarks.free FOLDER [--sets NAME ...] [--work FOLDER] [--write]

FOLDER is what `python -m benchmarks.sets` built; only sets to tune with. Of each class 20 images are labeled, with the
draws of benchmarks/defaults.py; asked is the bundle about images that nobody trained or chose with.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.contest import FREE, graft, ready
from benchmarks.draws import Cell, draw
from benchmarks.machine import describe_machine
from benchmarks.results import write
from core.backbones.catalogue import BUNDLED, find
from core.backbones.model import describe
from core.workspace import Workspace

SETS = ("cutouts", "drawings", "composed")
SIZE, SEEDS = "20", (0, 1)
WAYS: dict[str, dict[str, Any]] = {
    "as they are (AdamW 0.001, cosine, 20 epochs)": {},
    "the solved head first, then 0.0003": {"unfreeze": "after_head", "unfreeze_rate": 0.3},
    "the solved head first, then 0.0001": {"unfreeze": "after_head", "unfreeze_rate": 0.1},
    "a third of the rate": {"learning_rate": 0.0003},
    "with standard augmentation": {"augmentation": "standard"},
    "in float32": {"precision": "float32"},
    "half of the epochs": {"epochs": 10},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--ways", nargs="+", type=int, default=range(len(WAYS)), help="which of them, from 0")
    parser.add_argument("--write", action="store_true", help="into docs/defaults.md")
    options = parser.parse_args()
    frozen = len(describe(find(BUNDLED))) - FREE
    ways = {name: {"freeze": frozen, **WAYS[name]} for name in [list(WAYS)[number] for number in options.ways]}
    ways["all stages frozen: Recommended"] = {}
    found: dict[str, dict[str, list[float]]] = {name: {} for name in ways}
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.open(folder)
        for name in options.sets:
            for seed in SEEDS:
                trial = ready(
                    workspace, options.folder / name, draw(options.folder / name, Cell(name, SIZE, seed)), seed
                )
                for way, changes in ways.items():
                    accuracy = graft(trial, {"preset": "recommended", "changes": changes})
                    found[way].setdefault(name, []).append(accuracy)
                    print(f"{name}, seed {seed}, {way}: {accuracy:.1%}", flush=True)
    lines = [
        f"| the last two stages free | {' | '.join(options.sets)} | mean |",
        "|---" * (len(options.sets) + 2) + "|",
    ]
    for way, by_set in found.items():
        means = [statistics.fmean(by_set[name]) for name in options.sets]
        lines.append(f"| {way} | " + " | ".join(f"{mean:.1%}" for mean in [*means, statistics.fmean(means)]) + " |")
    table = "\n".join([f"{SIZE} images a class, {len(SEEDS)} seeds. {describe_machine().line()}", "", *lines])
    print(table)
    if options.write:
        write(table, "Two stages free", "free.py", "defaults.md")


if __name__ == "__main__":
    main()
