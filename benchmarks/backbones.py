"""The bundled backbones side by side on the samples: what docs/backbones.md says, and Help me choose knows.

    python -m benchmarks.backbones

Of textures and digits, a few images of each class are labeled, three times drawn anew, and the others test a logistic
regression on the frozen features; of gauges, 40 are labeled, and a ridge regression reads the others. The time is the
processor's on one thread, folded, in float32, 16 images at a time, so that a busy machine measures the same. Writes
core/backbones/bundled.json, and prints the table.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.preprocessing import StandardScaler

from core.backbones.bundled import FIGURES, bundled_file
from core.backbones.catalogue import BackboneInfo, catalogue
from core.backbones.model import build
from core.data.dataset import Dataset
from core.importing.importing import import_sample
from core.modalities.inputs import count, first
from core.runtime.folding import folded
from core.training.features import features
from core.workspace import Workspace, atomic_open

LABELED = {"textures": 5, "digits": 10, "gauges": 40}  # of each class; of gauges, in all
MOST = 20  # images of a class, of which the features are computed
SEEDS = (0, 1, 2)
TURNS = 5


def milliseconds(info: BackboneInfo, workspace: Workspace) -> float:
    """Of one image, at best."""
    size, threads = info.input_size, torch.get_num_threads()
    torch.set_num_threads(1)
    inputs = {"pixels": torch.rand(16, 3, size, size).contiguous(memory_format=torch.channels_last)}
    network = folded(build(info, workspace), first(inputs, 2))
    spent = []
    with torch.inference_mode():
        for _ in range(TURNS):
            began = time.thread_time()
            network(inputs)
            spent.append(time.thread_time() - began)
    torch.set_num_threads(threads)
    return 1000 * min(spent) / count(inputs)


def scores(info: BackboneInfo, workspace: Workspace, dataset: Dataset, labeled: int) -> float:
    """Share of test images that are right, or the mean error of a number, over the seeds."""
    frame = dataset.frame
    frame = frame[frame.groupby("label").cumcount() < MOST] if dataset.kind == "classes" else frame[: 5 * MOST]
    rows = StandardScaler().fit_transform(features(workspace, dataset, frame, info))
    answers = frame["label" if dataset.kind == "classes" else "target"].to_numpy()
    return float(np.mean([_score(rows, answers, chosen) for chosen in _draws(dataset.kind, answers, labeled)]))


def _draws(kind: str, answers: np.ndarray, labeled: int) -> Iterator[np.ndarray]:
    """Which are labeled: a mask for each seed."""
    for seed in SEEDS:
        lot, mask = np.random.default_rng(seed), np.zeros(len(answers), bool)
        groups = [np.arange(len(answers))]
        if kind == "classes":
            groups = [np.flatnonzero(answers == label) for label in np.unique(answers)]
        for group in groups:
            mask[lot.permutation(group)[:labeled]] = True
        yield mask


def _score(rows: np.ndarray, answers: np.ndarray, labeled: np.ndarray) -> float:
    if answers.dtype.kind == "f":
        model = RidgeCV(np.logspace(0, 5, 11)).fit(rows[labeled], answers[labeled])
        return float(np.abs(model.predict(rows[~labeled]) - answers[~labeled]).mean())
    model = LogisticRegression(C=0.01, max_iter=1000).fit(rows[labeled], answers[labeled])
    return float(model.score(rows[~labeled], answers[~labeled]))


def main() -> None:
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.open(Path(folder))
        samples = {key: import_sample(workspace, key) for key in LABELED}
        for info in (each for each in catalogue() if each.library == "bundled" and bundled_file(each.name)):
            figures = {key: scores(info, workspace, samples[key], LABELED[key]) for key in LABELED}
            found[info.name] = {"milliseconds": round(milliseconds(info, workspace), 1)}
            found[info.name] |= {key: round(value, 3) for key, value in figures.items()}
            said = " | ".join(f"{value:g}" for value in found[info.name].values())
            print(f"| {info.name} | {(info.parameters or 0) / 1e6:.1f} M | {info.gflops} | {said} |", flush=True)
    with atomic_open(FIGURES) as file:
        json.dump(found, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
