"""What is left when the epochs are over: answers about what was held out, the refit, and the test part's score.

The validation images are answered by the network that had not seen them, before anything else. Then a head that was
solved for is fitted once more, on training and validation images together: a fifth of the labels is worth having. The
test part has chosen nothing, so it alone is asked the network that is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from core.data.dataset import Dataset
from core.modalities.examples import Examples
from core.runtime.distributed import ALONE
from core.tasks.scores import Scores
from core.training.batches import order_of, plain_batches
from core.training.linear import Solver
from core.training.loop import each_of, run_epoch
from core.training.preparation import Material, Prepared, prepare
from core.training.solving import solver_of

ITERATIONS = 200  # to solve for a head at one go


@dataclass(frozen=True)
class Finished:
    """answers: a row for each held-out image, see `answers`. learned_from: images that the kept weights learned from.
    refitted: whether those of the validation part are among them. test: the scores of the test part; tested_on: its
    images."""

    answers: pd.DataFrame
    learned_from: int
    refitted: bool = False
    test: Scores | None = None
    tested_on: int = 0


def finish(material: Material, prepared: Prepared, solver: Solver | None) -> Finished:
    """The network holds the best epoch's weights, and afterwards those that are kept.

    solver: of the head, where it was solved for.

    Raises:
        StopRequested: the worker must leave; the run can be taken up again here.
    """
    kept = [_answers(material, prepared, "validation")] if prepared.validation else []
    refits = solver is not None and prepared.validation is not None and material.recipe.refit
    tests = len(material.dataset.part("test")) > 0
    if not refits and not tests:
        return Finished(_together(kept), len(prepared.train))
    other = _alone(material, _regrouped(material.dataset, refits))
    last = prepare(other, prepared.frozen_stages)
    if refits and solver is not None:
        _refit(other, last, solver)
    found = Finished(_together(kept), len(last.train), refits)
    if last.validation is None:
        return found
    scores = run_epoch(last.model, plain_batches(last.validation, material.task), material.task, last.device)
    kept.append(_answers(other, last, "test"))
    return replace(found, answers=_together(kept), test=scores, tested_on=len(last.validation))


def _refit(material: Material, prepared: Prepared, before: Solver) -> None:
    assert isinstance(material.head, nn.Linear)
    solver = solver_of(material, prepared.train, before.strength, before.share)
    solver.run(ITERATIONS)
    solver.put_into(material.head)


def _alone(material: Material, dataset: Dataset) -> Material:
    """The same network with other images; the processes that trained along have left."""
    other = material.of(dataset)
    other.team = ALONE
    return other


def _regrouped(dataset: Dataset, refits: bool) -> Dataset:
    """The test part where the validation part was, and that, where the head is fitted anew, in the training part."""
    moves = {"train": "train", "validation": "train" if refits else "test", "test": "validation"}
    split = dataset.frame["split"].map(moves)
    return replace(dataset, frame=dataset.frame.assign(split=split.astype(dataset.frame["split"].dtype)))


@torch.inference_mode()
def answers(material: Material, prepared: Prepared) -> pd.DataFrame:
    """About the validation part, in the order of its rows: which example it is, and what the task's answers have."""
    assert prepared.validation is not None
    prepared.model.eval()
    rows, given = material.dataset.part("validation"), list[pd.DataFrame]()
    order, done = order_of(prepared.validation), 0
    for batch in plain_batches(prepared.validation, material.task, in_order=False):
        with prepared.device.autocast():
            outputs = each_of(lambda tensor: tensor.float().cpu(), prepared.model(batch.inputs))
        here = order[done : done + len(batch.targets)]
        done += len(here)
        given.append(material.task.answers(outputs, rows.iloc[here], _Reads(material.examples[-1], here)))
    named = [name for name in ("image", "row", "name") if name in rows]
    return pd.concat([rows[named], pd.concat(given).loc[rows.index]], axis=1)


class _Reads(Sequence[Any]):
    """Some examples, each read when it is asked for."""

    def __init__(self, examples: Examples, numbers: np.ndarray) -> None:
        self.examples, self.numbers = examples, numbers

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, place: Any) -> Any:
        return self.examples.read_of(int(self.numbers[place]))


def _answers(material: Material, prepared: Prepared, split: str) -> pd.DataFrame:
    return answers(material, prepared).assign(split=split)


def _together(kept: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(kept, ignore_index=True) if kept else pd.DataFrame({"image": [], "name": [], "split": []})
