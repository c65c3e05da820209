"""Would another head, or another way to train it, do better on the same frozen features? The second table behind
docs/defaults.md.

    python -m benchmarks.heads SET [SET ...] [--learn N] [--seeds N]

Each SET is a folder of class folders, divided as in benchmarks/accuracy.py: what is reported is the accuracy on the
test images of the epoch that validates best. The heads are trained here in a few lines and not by Graft, which does
not offer most of this.
"""

from __future__ import annotations

import argparse
import math
import statistics
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from benchmarks.accuracy import LEARN, divide
from core.backbones.catalogue import BUNDLED, find
from core.importing.importing import import_path
from core.tasks.simple_models import logistic
from core.training.features import features
from core.workspace import Workspace

BATCH, DECAY = 32, 0.01
CANDIDATES: dict[str, dict[str, Any]] = {
    "AdamW 0.01, cosine, 20 epochs": {},
    "40 epochs": {"epochs": 40},
    "60 epochs": {"epochs": 60},
    "20 epochs, but 200 steps at least": {"steps": 200},
    "the head begins with zeros": {"zeros": True},
    "centred features, zeros": {"centred": True, "zeros": True},
    "scaled features, zeros, 0.001, 200 steps": {"scaled": True, "zeros": True, "rate": 0.001, "steps": 200},
    "BatchNorm before the head, 0.003": {"layers": "norm", "rate": 0.003},
    "a hidden layer of 256, 0.003": {"layers": "hidden", "rate": 0.003},
    "dropout 0.2, 200 steps": {"layers": "dropout", "steps": 200},
    "label smoothing 0.05": {"smoothing": 0.05},
    "label smoothing 0.05, 200 steps": {"smoothing": 0.05, "steps": 200},
    "logistic regression": {"solved": True},
}


class Part(NamedTuple):
    """rows: features, (N, F). labels: (N,)."""

    rows: torch.Tensor
    labels: torch.Tensor


Parts = dict[str, Part]  # train, validation, test


def parts_of(workspace: Workspace, path: Path, seeds: int, learn: int) -> list[Parts]:
    """The set divided anew for each seed."""
    dataset = import_path(workspace, path)
    found = []
    for seed in range(seeds):
        divided = divide(workspace, dataset, seed, learn)
        rows = torch.from_numpy(np.array(features(workspace, divided, divided.frame, find(BUNDLED))))
        labels = torch.tensor([divided.classes.index(label) for label in divided.frame["label"]])
        at = {part: torch.tensor(list(divided.frame["split"] == part)) for part in divided.counts()}
        found.append({part: Part(rows[here], labels[here]) for part, here in at.items()})
    return found


def score(parts: Parts, seed: int, **settings: Any) -> float:
    torch.manual_seed(seed)
    middle = parts["train"].rows.mean(dim=0)
    scale = (parts["train"].rows - middle).std()
    if settings.get("centred") or settings.get("scaled") or settings.get("solved"):
        unit = 1.0 if settings.get("centred") else scale
        parts = {name: Part((rows - middle) / unit, labels) for name, (rows, labels) in parts.items()}
    (rows, labels), (asked, wanted) = parts["train"], parts["test"]
    classes = int(max(part.labels.max() for part in parts.values())) + 1
    if settings.get("solved"):
        return accuracy(logistic(rows, labels, asked, classes), wanted)
    head = make_head(rows.shape[1], classes, settings.get("layers", ""), settings.get("zeros", False))
    steps = math.ceil(len(rows) / BATCH)
    epochs = max(settings.get("epochs", 20), math.ceil(settings.get("steps", 0) / steps))
    optimizer = torch.optim.AdamW(head.parameters(), lr=settings.get("rate", 0.01), weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * steps)
    best, kept = (-1.0, 0.0), 0.0
    for _ in range(epochs):
        head.train()
        for chunk in torch.randperm(len(rows)).tensor_split(steps):
            optimizer.zero_grad()
            smoothing = settings.get("smoothing", 0.0)
            functional.cross_entropy(head(rows[chunk]), labels[chunk], label_smoothing=smoothing).backward()
            optimizer.step()
            schedule.step()
        head.eval()
        with torch.no_grad():
            outputs, right = head(parts["validation"].rows), parts["validation"].labels
            rank = accuracy(outputs, right), -float(functional.cross_entropy(outputs, right))
            if rank > best:
                best, kept = rank, accuracy(head(asked), wanted)
    return kept


def make_head(inputs: int, classes: int, layers: str, zeros: bool) -> nn.Module:
    last = nn.Linear(256 if layers == "hidden" else inputs, classes)
    if zeros:
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
    before = {
        "hidden": [nn.Linear(inputs, 256), nn.ReLU(), nn.Dropout(0.2)],
        "norm": [nn.BatchNorm1d(inputs)],
        "dropout": [nn.Dropout(0.2)],
    }
    return nn.Sequential(*before.get(layers, []), last)


def accuracy(outputs: torch.Tensor, labels: torch.Tensor) -> float:
    return float((outputs.argmax(dim=1) == labels).float().mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--learn", type=int, default=LEARN, metavar="N", help="images of each set to learn from")
    parser.add_argument("--seeds", type=int, default=10, metavar="N")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.open(folder)
        sets = {path.stem: parts_of(workspace, path, options.seeds, options.learn) for path in options.sets}
    print("| head | " + " | ".join(sets) + " | mean |")
    print("|---" * (len(sets) + 2) + "|")
    for name, settings in CANDIDATES.items():
        means = [
            statistics.fmean(score(parts, seed, **settings) for seed, parts in enumerate(each))
            for each in sets.values()
        ]
        print(
            f"| {name} | " + " | ".join(f"{mean:.1%}" for mean in [*means, statistics.fmean(means)]) + " |", flush=True
        )


if __name__ == "__main__":
    main()
