"""How good the frozen backbone is without any training: what the curves have to beat.

Two simple answers from the features alone: by the nearest neighbours, and by a linear model that is solved for and not
trained step by step. Both are judged on the validation part, with the scores of the run.
"""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from core.errors import DamagedError
from core.records import plain, read
from core.tasks.objective import Objective, scores_of
from core.tasks.scores import Scores
from core.tasks.targets import content, take
from core.training.preparation import Material, Part, Prepared
from core.training.process.events import Baseline
from core.training.sources import cut
from core.workspace import write_json

FORMAT = 3  # change when the same features would give other scores
NEIGHBOURS = 10
MOST = 10_000  # images of each part, so that it stays a matter of seconds
BLOCK = 1024
BATCH = 64
# A shorter run is over too soon to run its free stages once more for this, unless counting alone may do as well.
EPOCHS = 10


def baseline_of(material: Material, prepared: Prepared) -> Baseline | None:
    """Of a run that begins, with the weights that it begins with; kept, so that the next run has it at once.

    Returns: None without a validation part, where the task has none, or where it would take more than a small part of
        the run's time.
    """
    if prepared.validation is None or not material.task.has_baseline:
        return None
    path = _place(material, prepared)
    if (found := _kept(path)) is not None:
        return found
    is_short = prepared.frozen_stages < len(material.backbone.stages) and material.recipe.epochs < EPOCHS
    if is_short and not material.examples[0].counts:
        return None
    began = time.monotonic()
    (features, targets), (asked, wanted) = (
        _features(material, prepared, part) for part in (prepared.train, prepared.validation)
    )
    neighbours, linear = baseline(material.task, features, targets, asked, wanted)
    by_counting = _by_counting(material, targets, wanted)
    found = Baseline(neighbours, linear, round(time.monotonic() - began, 3), by_counting)
    with suppress(OSError):  # a full disk does not keep a run from its training
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, plain(found))
    return found


def _features(material: Material, prepared: Prepared, part: Part) -> tuple[torch.Tensor, torch.Tensor]:
    """What the backbone's last stage gives for the part, or for so many of it: (N, F) on the device, and their
    targets."""
    reporter, device, body = material.reporter, prepared.device, prepared.model[0]  # type: ignore[index]
    numbers, lengths = _some(len(part)), part.source.lengths()
    order = np.arange(len(numbers)) if lengths is None else np.argsort(lengths[numbers], kind="stable")
    if prepared.frozen_stages < len(material.backbone.stages):
        reporter.begin("features")
    body.eval()
    rows: list[torch.Tensor] = []
    with torch.no_grad():
        for inputs in part.source.batches(cut(numbers[order], BATCH, training=False), epoch=None):
            with device.autocast():
                rows.append(body(inputs).pooled.float()[:, : material.backbone.last_features])
            if prepared.frozen_stages < len(material.backbone.stages):
                reporter.prepared(min(len(rows) * BATCH, len(numbers)), len(numbers))
        return torch.cat(rows)[torch.from_numpy(np.argsort(order))], take(part.targets, numbers)


def _some(many: int) -> np.ndarray:
    return np.unique(np.linspace(0, many - 1, min(many, MOST)).astype(int))


def _by_counting(material: Material, targets: torch.Tensor, wanted: torch.Tensor) -> Scores | None:
    """What a linear model has right that knows no backbone. targets, wanted: as of `_features`."""
    train, validation = material.examples
    counted = train.counted(_some(len(train)), validation, _some(len(validation)))
    if counted is None:
        return None
    features, asked = (each.to(targets.device) for each in counted)
    return _by_line(material.task, features, targets, asked, wanted)


def _place(material: Material, prepared: Prepared) -> Path:
    """Named after everything that decides it: the weights, the images of both parts, their targets."""
    said = hashlib.blake2b(digest_size=16)
    recipe, info = material.recipe, material.backbone.info
    settings = (FORMAT, info.architecture, info.preprocessing, recipe.augmentation, recipe.loss, material.task.spec)
    said.update(repr(settings).encode())
    for source, targets in zip(material.examples, material.targets):
        said.update("".join(source.digests).encode() + content(targets))
    said.update(material.backbone.fingerprint(len(material.backbone.stages)))
    return material.workspace.cache / "baselines" / f"{said.hexdigest()}.json"


def _kept(path: Path) -> Baseline | None:
    try:
        return read(path, Baseline)
    except (OSError, DamagedError):
        return None


@torch.no_grad()
def baseline(
    task: Objective, features: torch.Tensor, targets: torch.Tensor, asked: torch.Tensor, wanted: torch.Tensor
) -> tuple[Scores, Scores]:
    """
    features, targets: of the training part, (N, F) and as the task takes them. asked, wanted: of the validation part,
        (M, F) and targets.

    Returns: what the nearest neighbours score on the validation part, and what logistic or ridge regression does.
    """
    indices, likeness = _nearest(features, asked)
    by_neighbours = task.by_neighbours(targets[indices], likeness)
    return scores_of(task, by_neighbours, wanted), _by_line(task, features, targets, asked, wanted)


@torch.no_grad()
def _by_line(
    task: Objective, features: torch.Tensor, targets: torch.Tensor, asked: torch.Tensor, wanted: torch.Tensor
) -> Scores:
    middle = features.mean(dim=0)
    scale = (features - middle).std().clamp(min=1e-6)
    centred, asked_centred = (features - middle) / scale, (asked - middle) / scale
    return scores_of(task, task.by_line(centred, targets, asked_centred), wanted)


def _nearest(features: torch.Tensor, asked: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The training images nearest to each that is asked about: their indices and cosine similarities, (M, k)."""
    known = functional.normalize(features)
    count = min(NEIGHBOURS, len(known))
    blocks = [(functional.normalize(block) @ known.T).topk(count) for block in asked.split(BLOCK)]
    return torch.cat([block.indices for block in blocks]), torch.cat([block.values for block in blocks])
