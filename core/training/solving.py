"""A run's head solved for and not trained: the linear layer of linear.py, on the features of a run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch

from core.data.folds import folds_of_rows
from core.training.checkpoints import State
from core.training.linear import FOLDS, STRENGTHS, Convex, Solver, Strength, choose_strength
from core.training.preparation import Material, Part, Prepared
from core.training.sources import ActivationSource

CHOSEN = ("strength", "share")  # by cross-validation, before the epochs
ITERATIONS = 10  # an epoch
MOST_FOR_STRENGTH = 2_000  # images, and four a class: more change the strength hardly, and take minutes
MOST_NUMBERS = 30_000_000  # of a problem's outputs and features, for which all folds are held out in turn


def is_solved(material: Material, prepared: Prepared) -> bool:
    """Whether the head of this run is solved for, as things are frozen now."""
    all_frozen = prepared.frozen_stages == len(material.backbone.stages)
    return material.recipe.solvable and all_frozen and isinstance(prepared.train.source, ActivationSource)


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


def strength_for(material: Material, part: Part, listen: Callable[[int, int], None]) -> Strength:
    """Chosen by cross-validation within the training part: the validation part stays unseen."""
    rows = material.dataset.part("train")
    some = np.arange(len(rows))
    most = max(MOST_FOR_STRENGTH, 4 * material.task.outputs)
    if len(some) > most:
        some = np.sort(np.random.default_rng(material.recipe.seed).choice(len(rows), most, replace=False))
    folds = folds_of_rows(rows.iloc[some], material.dataset.kind, FOLDS, material.recipe.seed)
    features, loss = _examples(material, part, some)
    if len(features) * material.task.outputs * FOLDS * len(STRENGTHS) > MOST_NUMBERS:
        folds = np.where(folds == 0, 0, -1)  # holding out one of them has to do
    views = len(features) // len(some)
    targets = part.targets[torch.from_numpy(some).to(part.targets.device)].cpu().repeat_interleave(views, dim=0)
    judge = partial(_judged, material, targets)
    return choose_strength(features, loss, np.repeat(folds, views), judge, listen, material.backbone.last_features)


def _judged(material: Material, targets: torch.Tensor, outputs: torch.Tensor, held: torch.Tensor) -> float:
    return float(material.task.judged(outputs, targets[held]))


def _examples(material: Material, part: Part, numbers: np.ndarray) -> tuple[torch.Tensor, Convex]:
    """The features of these examples, every kept view of each beside the other, and what they should give."""
    source = part.source
    assert isinstance(source, ActivationSource)
    views = np.stack([rows.take(numbers) for rows in source.views], axis=1)
    features = torch.from_numpy(views.reshape(-1, views.shape[-1]))
    targets = part.targets[torch.from_numpy(numbers).to(part.targets.device)]
    if material.device.torch.type == "cuda":
        features = features.to(material.device.torch)
    return features, material.task.convex(targets.repeat_interleave(views.shape[1], dim=0))
