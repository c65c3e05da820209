"""A run's head solved for and not trained: the linear layer of linear.py, on the features of a run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
import torch

from core.backbones.model import ACTIVATION
from core.data.folds import folds_of_rows
from core.errors import DamagedError
from core.records import Amount, read
from core.tasks.objective import Convex
from core.tasks.targets import take
from core.training.checkpoints import State
from core.training.linear import FOLDS, ITERATIONS_FOR_STRENGTH, SHARES, STRENGTHS, Solver, choose_strength
from core.training.preparation import Material, Part, Prepared
from core.training.sources import ActivationSource
from core.workspace import write_json

FORMAT = 1  # change when the same numbers would lead to another choice
CHOSEN = ("strength", "share")  # by cross-validation, before the epochs
ITERATIONS = 10  # an epoch
MOST_FOR_STRENGTH = 2_000  # images, and four a class: more change the strength hardly, and take minutes
MOST_NUMBERS = 30_000_000  # of a problem's outputs and features, for which all folds are held out in turn


def is_solved(material: Material, prepared: Prepared) -> bool:
    """Whether the head of this run is solved for, as things are frozen now."""
    all_frozen = prepared.frozen_stages == len(material.backbone.stages)
    solvable = material.recipe.solvable and material.task.convex is not None
    return solvable and all_frozen and isinstance(prepared.train.source, ActivationSource)


def solver_of(material: Material, part: Part, strength: float, share: float) -> Solver:
    """strength, share: as in `Strength`."""
    features, loss = _examples(material, part, np.arange(len(part)))
    return Solver(features, loss, strength, share, material.backbone.last_features)


def resumed(material: Material, part: Part, state: State) -> Solver:
    """state: as from `state_of`."""
    chosen = {name: float(state[name]) for name in CHOSEN}
    solver = solver_of(material, part, **chosen)
    solver.load({name: tensor for name, tensor in state.items() if name not in CHOSEN})
    return solver


def state_of(solver: Solver) -> State:
    chosen = {name: torch.tensor(getattr(solver, name), dtype=torch.float64) for name in CHOSEN}
    return {**solver.state(), **chosen}


def strength_for(material: Material, part: Part, listen: Callable[[int, int], None]) -> dict[str, float]:
    """The strength and the share (see `Strength`) that cross-validation within the training part chooses: the
    validation part stays unseen. Kept, so that the next run with the same features has them at once."""
    rows = material.dataset.part("train")
    some = np.arange(len(rows))
    most = max(MOST_FOR_STRENGTH, 4 * material.task.outputs)
    if len(some) > most:
        some = np.sort(np.random.default_rng(material.recipe.seed).choice(len(rows), most, replace=False))
    folds = folds_of_rows(rows.iloc[some], material.dataset.task, FOLDS, material.recipe.seed)
    features, loss = _examples(material, part, some)
    if len(features) * material.task.outputs * FOLDS * len(STRENGTHS) > MOST_NUMBERS:
        folds = np.where(folds == 0, 0, -1)  # holding out one of them has to do
    views = len(features) // len(some)
    targets = _take(part, some).cpu().repeat_interleave(views, dim=0)
    folds, last = np.repeat(folds, views), material.backbone.last_features
    path = _place(material, features, loss, targets, folds, last)
    if (found := _kept(path)) is not None:
        return found
    chosen = choose_strength(features, loss, folds, partial(_judged, material, targets), listen, last)
    found = {"strength": chosen.value, "share": chosen.share}
    with suppress(OSError):  # a full disk does not keep a run from its training
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, found)
    return found


def _place(
    material: Material, features: torch.Tensor, loss: Convex, targets: torch.Tensor, folds: np.ndarray, last: int
) -> Path:
    """Named after everything that decides the choice."""
    settings = (FORMAT, SHARES, STRENGTHS.tolist(), ITERATIONS_FOR_STRENGTH, last, loss.curvature, features.device.type)
    said = hashlib.blake2b(repr((*settings, *features.shape, material.task.spec)).encode(), digest_size=16)
    for tensor in (features, loss.goals, loss.weights, targets, torch.from_numpy(folds)):
        said.update(tensor.cpu().contiguous().numpy().data.cast("B"))
    return material.workspace.cache / "strengths" / f"{said.hexdigest()}.json"


def _kept(path: Path) -> dict[str, float] | None:
    try:
        said = read(path, dict[str, Amount])
        return {name: said[name] for name in CHOSEN}
    except (OSError, DamagedError, KeyError):
        return None


def _judged(material: Material, targets: torch.Tensor, outputs: torch.Tensor, held: torch.Tensor) -> float:
    return float(material.task.eval_loss(outputs, targets[held]))


def _examples(material: Material, part: Part, numbers: np.ndarray) -> tuple[torch.Tensor, Convex]:
    """The features of these examples, every kept view of each beside the other, and what they should give."""
    source = part.source
    assert isinstance(source, ActivationSource)
    views = np.stack([rows.take(numbers)[ACTIVATION] for rows in source.views], axis=1)
    features = torch.from_numpy(views.reshape(-1, views.shape[-1]))
    targets = _take(part, numbers)
    if material.device.torch.type == "cuda":
        features = features.to(material.device.torch)
    assert material.task.convex is not None, "else nothing is solved for"
    return features, material.task.convex(targets.repeat_interleave(views.shape[1], dim=0))


def _take(part: Part, numbers: np.ndarray) -> torch.Tensor:
    targets = take(part.targets, numbers)
    assert isinstance(targets, torch.Tensor), "a convex loss is of targets that are alike"
    return targets
