"""Logistic and ridge regression on frozen features: ours beside scikit-learn's, the time and the result.

    python -m benchmarks.linear_models

On the features of the handwritten digits, whose labels are also taken for numbers: what a run's baseline does
(core/tasks/simple_models.py), and how the penalty of a solved head is chosen (core/training/linear.py), among as
many penalties and folds on both sides.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch.nn import functional

from benchmarks.machine import describe_machine
from core.backbones.catalogue import BUNDLED
from core.importing.importing import import_sample
from core.runtime.device import choose_device
from core.tasks import simple_models
from core.training.linear import FOLDS, STRENGTHS, choose_strength
from core.training.preparation import Material, prepare
from core.training.process.control import Control
from core.training.process.events import EventLog
from core.training.process.reporter import Reporter
from core.training.recipe import Recipe
from core.training.trials import baseline
from core.workspace import Workspace

Data = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


def main() -> None:
    print(describe_machine().line())
    began = time.perf_counter()
    from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, RidgeCV

    print(f"importing scikit-learn's linear models: {time.perf_counter() - began:.2f} s")
    with tempfile.TemporaryDirectory() as folder:
        material, data = digits(Workspace.open(folder))
    features, labels, asked, wanted = data
    print(f"{len(features)} x {features.shape[1]} features, {len(asked)} to judge on")
    classes = material.task.outputs

    ours = timed("ours, logistic", lambda: simple_models.logistic(features, labels, asked, classes))
    with_library = LogisticRegression(C=simple_models.STRENGTH, max_iter=simple_models.ITERATIONS)
    timed("scikit-learn, LogisticRegression", lambda: with_library.fit(features.numpy(), labels.numpy()))
    told(ours, torch.from_numpy(with_library.decision_function(asked.numpy())), wanted)

    numbers = labels.float()
    said = timed("ours, ridge", lambda: simple_models.ridge(features, numbers, asked)).squeeze(1)
    ridge = RidgeCV(alphas=simple_models.PENALTIES * len(features))
    timed("scikit-learn, RidgeCV", lambda: ridge.fit(features.double().numpy(), numbers.double().numpy()))
    same = torch.from_numpy(ridge.predict(asked.double().numpy()))
    print(f"  RMSE {rmse(said, wanted):.4f} and {rmse(same, wanted):.4f}, {(said - same).abs().max():.1e} apart")

    folds = np.arange(len(features)) % FOLDS
    assert material.task.convex is not None
    judge = partial(_judged, labels)
    timed(
        "ours, penalty by cross-validation",
        lambda: choose_strength(features, material.task.convex(labels), folds, judge),
    )
    chosen = LogisticRegressionCV(Cs=1 / STRENGTHS, cv=FOLDS, scoring="neg_log_loss", max_iter=simple_models.ITERATIONS)
    timed("scikit-learn, LogisticRegressionCV", lambda: chosen.fit(features.numpy(), labels.numpy()))


def digits(workspace: Workspace) -> tuple[Material, Data]:
    """Standardised features and labels of the training part, then of the validation part."""
    dataset = import_sample(workspace, "digits")
    recipe = Recipe(dataset=dataset.id, dataset_version=1, backbone=BUNDLED, precision="float32", resolution=64)
    device, directory = choose_device("cpu"), workspace.runs / "run"
    directory.mkdir()
    log = EventLog(directory / "events.jsonl")
    material = Material(workspace, recipe, device, Reporter(log, Control(directory), device))
    prepared = prepare(material, len(material.backbone.stages))
    assert prepared.validation is not None
    parts = [baseline._features(material, prepared, part) for part in (prepared.train, prepared.validation)]
    log.close()
    (features, labels), (asked, wanted) = parts
    middle = features.mean(dim=0)
    scale = (features - middle).std()
    return material, ((features - middle) / scale, labels, (asked - middle) / scale, wanted)


def timed(what: str, work: Callable[[], torch.Tensor]) -> torch.Tensor:
    """The result; prints the fastest of three."""
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        found = work()
        seconds.append(time.perf_counter() - began)
    print(f"{what}: {min(seconds):.2f} s", flush=True)
    return found


def told(ours: torch.Tensor, theirs: torch.Tensor, wanted: torch.Tensor) -> None:
    losses = [float(functional.cross_entropy(each.double(), wanted)) for each in (ours, theirs)]
    rights = [float((each.argmax(1) == wanted).double().mean()) for each in (ours, theirs)]
    same = float((ours.argmax(1) == theirs.argmax(1)).double().mean())
    print(f"  loss {losses[0]:.4f} and {losses[1]:.4f}, right {rights[0]:.1%} and {rights[1]:.1%}, the same {same:.1%}")


def _judged(labels: torch.Tensor, outputs: torch.Tensor, held: torch.Tensor) -> float:
    return float(functional.cross_entropy(outputs, labels[held]))


def rmse(said: torch.Tensor, wanted: torch.Tensor) -> float:
    return float((said - wanted).square().mean().sqrt())


if __name__ == "__main__":
    main()
