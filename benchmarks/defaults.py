"""Which settings reach the best accuracy untouched? The measurement behind docs/defaults.md.

    python benchmarks/defaults.py SET [SET ...]

Each SET is a folder of class folders. Every candidate runs on every set with three seeds, through the code that the
worker runs, but in this process, so that the frozen stages run once for a set and not once for a candidate.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from core.data.changes import resplit
from core.data.dataset import Dataset
from core.data.importing import import_path
from core.training.control import Control
from core.training.device import choose_device
from core.training.events import Ended, EventLog, read_events
from core.training.recipe import Recipe
from core.training.reporter import Reporter
from core.training.trainer import Trainer
from core.workspace import Workspace, new_id

SEEDS = (0, 1, 2)
VALIDATION = 0.3

TEXTBOOK = {"optimizer": "sgd", "learning_rate": 0.001, "schedule": "constant", "weight_decay": 0.0, "epochs": 10}
CANDIDATES: dict[str, dict[str, Any]] = {
    "textbook: SGD 0.001, momentum 0.9, 10 epochs": TEXTBOOK,
    "SGD 0.01, 10 epochs": {**TEXTBOOK, "learning_rate": 0.01},
    "SGD 0.01, cosine, 20 epochs": {**TEXTBOOK, "learning_rate": 0.01, "schedule": "cosine", "epochs": 20},
    "SGD 0.1, cosine, 20 epochs": {**TEXTBOOK, "learning_rate": 0.1, "schedule": "cosine", "epochs": 20},
    "AdamW 0.001, cosine, 10 epochs": {"learning_rate": 0.001, "epochs": 10},
    "AdamW 0.001, cosine, 20 epochs": {"learning_rate": 0.001, "epochs": 20},
    "AdamW 0.001, cosine, 40 epochs": {"learning_rate": 0.001, "epochs": 40},
    "AdamW 0.003, cosine, 20 epochs": {"learning_rate": 0.003, "epochs": 20},
    "AdamW 0.003, cosine, 40 epochs": {"learning_rate": 0.003, "epochs": 40},
    "AdamW 0.01, cosine, 20 epochs": {"learning_rate": 0.01, "epochs": 20},
    "AdamW 0.01, cosine, 40 epochs": {"learning_rate": 0.01, "epochs": 40},
    "AdamW 0.03, cosine, 20 epochs": {"learning_rate": 0.03, "epochs": 20},
    "AdamW 0.01, decay 0, 20 epochs": {"learning_rate": 0.01, "weight_decay": 0.0, "epochs": 20},
    "AdamW 0.003, constant, 20 epochs": {"learning_rate": 0.003, "schedule": "constant", "epochs": 20},
    "AdamW 0.003, decay 0.1, 20 epochs": {"learning_rate": 0.003, "weight_decay": 0.1, "epochs": 20},
    "AdamW 0.003, augmented, 20 epochs": {"learning_rate": 0.003, "augmentation": "standard", "epochs": 20},
    "AdamW 0.003, augmented, 40 epochs": {"learning_rate": 0.003, "augmentation": "standard", "epochs": 40},
    "AdamW 0.01, augmented, 20 epochs": {"learning_rate": 0.01, "augmentation": "standard", "epochs": 20},
    "AdamW 0.001, hidden head, 20 epochs": {"learning_rate": 0.001, "head": {"kind": "hidden"}, "epochs": 20},
    "two stages free, AdamW 0.01, 10 epochs": {"learning_rate": 0.01, "freeze": 7, "epochs": 10},
    "two stages free, AdamW 0.003, 10 epochs": {"learning_rate": 0.003, "freeze": 7, "epochs": 10},
    "two stages free, AdamW 0.001, 10 epochs": {"learning_rate": 0.001, "freeze": 7, "epochs": 10},
    "two stages free, AdamW 0.0003, 10 epochs": {"learning_rate": 0.0003, "freeze": 7, "epochs": 10},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--only", default="", help="only candidates whose name contains this")
    options = parser.parse_args()
    candidates = {name: settings for name, settings in CANDIDATES.items() if options.only in name}
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.open(folder)
        splits = {path.name: _splits(workspace, path) for path in options.sets}
        print("| settings | " + " | ".join(splits) + " | mean, best epoch | mean, last epoch | seconds |")
        print("|---|" + "---|" * (len(splits) + 3))
        for name, settings in candidates.items():
            began = time.perf_counter()
            scores = {key: [_run(workspace, dataset, settings) for dataset in said] for key, said in splits.items()}
            seconds = (time.perf_counter() - began) / sum(len(runs) for runs in scores.values())
            best = {key: statistics.mean(best for best, _ in runs) for key, runs in scores.items()}
            last = statistics.mean(last for runs in scores.values() for _, last in runs)
            cells = [f"{accuracy:.1%}" for accuracy in (*best.values(), statistics.mean(best.values()), last)]
            print(f"| {name} | {' | '.join(cells)} | {seconds:.1f} |", flush=True)


def _splits(workspace: Workspace, path: Path) -> list[Dataset]:
    """The set split anew for each seed, so that a lucky split decides nothing."""
    dataset = import_path(workspace, path)
    return [resplit(workspace, dataset, validation=VALIDATION, test=0.0, seed=seed) for seed in SEEDS]


def _run(workspace: Workspace, dataset: Dataset, settings: dict[str, Any]) -> tuple[float, float]:
    """Validation accuracy of the best and of the last epoch."""
    recipe = Recipe.parse(
        {
            "dataset": dataset.id,
            "dataset_version": dataset.version,
            "backbone": "efficientnet_lite0",
            "seed": dataset.version,
            **settings,
        }
    )
    directory = workspace.runs / new_id("defaults")
    directory.mkdir()
    log, device = EventLog(directory / "events.jsonl"), choose_device()
    Trainer(workspace, directory, recipe, device, Reporter(log, Control(directory), device)).run()
    log.close()
    events = [event for _, event in read_events(directory / "events.jsonl")[0]]
    assert isinstance(events[-1], Ended) and events[-1].validation
    return events[-1].validation.accuracy, events[-2].validation.accuracy  # type: ignore[union-attr]


if __name__ == "__main__":
    main()
