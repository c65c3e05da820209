"""What should a solved head read? Logistic regression on the last stage, on several stages, and on as much of the
earlier ones as cross-validation chooses.

    python -m benchmarks.solved FOLDER [--sets NAME ...] [--work FOLDER] [--write]

FOLDER is what `python -m benchmarks.sets` built; only the sets to tune with are looked at. Of each class 5 to 40 images
are labeled, drawn by lot with three seeds; 75 of a class at most are looked at, and those not labeled test.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from contextlib import ExitStack
from itertools import product
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from benchmarks.machine import describe_machine
from benchmarks.results import write
from core.backbones.catalogue import BUNDLED, find
from core.backbones.model import describe
from core.data.changes import leave_out
from core.data.dataset import Dataset
from core.importing.importing import import_path
from core.training.features import features
from core.training.linear import FOLDS, SHARES, Axes, Convex, Descent, choose_strength
from core.workspace import Workspace

SETS = ("composed", "cutouts", "drawings", "cells", "glyphs", "digits")
SIZES, SEEDS, MOST = (5, 10, 20, 40), (0, 1, 2), 75
ITERATIONS = 200


def found(rows: torch.Tensor, labels: torch.Tensor, size: int, seed: int, last: int) -> dict[str, float]:
    """The accuracy of each way on the images that are not labeled."""
    lot = np.random.default_rng((seed, size))
    drawn = [lot.permutation(torch.nonzero(labels == label).squeeze(1).numpy()) for label in labels.unique()]
    known = torch.from_numpy(np.concatenate([each[: min(size, int(0.6 * len(each)))] for each in drawn]))
    asked = torch.from_numpy(np.concatenate([each[min(size, int(0.6 * len(each))) :] for each in drawn]))
    goals = functional.one_hot(labels[known])
    loss = Convex(lambda outputs: outputs.softmax(-1), goals, torch.ones(len(known), 1), 0.5)
    folds = np.concatenate([np.arange(int((labels[known] == label).sum())) % FOLDS for label in labels.unique()])

    def judge(outputs: torch.Tensor, held: torch.Tensor) -> float:
        return float(functional.cross_entropy(outputs, labels[known][held]))

    def score(width: int, shares: tuple[float, ...]) -> float:
        few = rows[:, :width]
        chosen = choose_strength(few[known], loss, folds, judge, last=last, shares=shares)
        axes = Axes(few[known], last, chosen.share)
        descent = Descent(axes, loss, torch.tensor([chosen.value]))
        descent.run(ITERATIONS)
        weight, bias = axes.layer(descent.weights[0])
        said = (few[asked].to(weight) @ weight.T + bias).argmax(1)
        return float((said == labels[asked]).float().mean())

    whole = rows.shape[1]
    return {
        "the last stage": score(last, (1.0,)),
        "several stages alike": score(whole, (1.0,)),
        "several, as much as is chosen": score(whole, SHARES),
    }


def rows_of(workspace: Workspace, dataset: Dataset) -> tuple[torch.Tensor, torch.Tensor]:
    lot = dataset.frame.sample(frac=1.0, random_state=0)
    surplus = lot[lot.groupby("label").cumcount() >= MOST]
    few = leave_out(workspace, dataset, list(surplus["image"])) if len(surplus) else dataset
    rows = features(workspace, few, few.frame, find(BUNDLED), reads="several")
    return torch.from_numpy(rows), torch.tensor([few.classes.index(label) for label in few.frame["label"]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--work", type=Path, help="keep what is computed here")
    parser.add_argument("--write", action="store_true", help="into docs/defaults.md")
    options = parser.parse_args()
    last = describe(find(BUNDLED))[-1].output_shape[0]
    scores: dict[tuple[str, int, str], list[float]] = {}
    with ExitStack() as stack:
        workspace = Workspace.open(options.work or stack.enter_context(tempfile.TemporaryDirectory()))
        for name in options.sets:
            rows, labels = rows_of(workspace, import_path(workspace, options.folder / name))
            for size in SIZES:
                for seed in SEEDS:
                    for way, accuracy in found(rows, labels, size, seed, last).items():
                        scores.setdefault((name, size, way), []).append(accuracy)
    ways = list(dict.fromkeys(way for _, _, way in scores))
    columns = [*(f"{size} a class" for size in SIZES), *options.sets, "mean"]
    lines = [f"| what the head reads | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for way in ways:
        table_of = {key: statistics.fmean(scores[*key, way]) for key in product(options.sets, SIZES)}
        by_size = [statistics.fmean(table_of[name, size] for name in options.sets) for size in SIZES]
        by_set = [statistics.fmean(table_of[name, size] for size in SIZES) for name in options.sets]
        means = [*by_size, *by_set, statistics.fmean(by_size)]
        lines.append(f"| {way} | " + " | ".join(f"{mean:.1%}" for mean in means) + " |")
    table = "\n".join([f"{', '.join(options.sets)}; {len(SEEDS)} seeds. {describe_machine().line()}", "", *lines])
    print(table)
    if options.write:
        write(table, "A solved head", "solved.py", "defaults.md")


if __name__ == "__main__":
    main()
