"""A number: what training makes small, and what it is judged by."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

from core.tasks.objective import scores_of
from core.tasks.scores import Scores
from tests.core.tasks.objectives import of_numbers


def numbers(targets):
    return pd.DataFrame({"target": targets})


@pytest.mark.parametrize(("mean", "spread"), [(0.0, 1.0), (1e6, 10.0), (-3e-4, 1e-5)])
def test_a_number_is_scored_in_its_own_unit(mean, spread):
    """Against scikit-learn's scores, however far from zero the target is."""
    random = np.random.default_rng(0)
    wanted = mean + spread * random.normal(size=70)
    task = of_numbers(wanted[:50])
    answers = wanted + spread * 0.3 * random.normal(size=70)
    outputs = torch.tensor((answers - task.mean) / task.deviation, dtype=torch.float32)[:, None]
    parts = zip(outputs.split(16), task.targets(numbers(wanted)).split(16))
    scores = task.scores(sum(task.tally(*each, task.eval_loss(*each)) for each in parts))
    assert scores.get("accuracy") is None and "RMSE" in scores.words
    assert scores.get("rmse") == pytest.approx(mean_squared_error(wanted, answers) ** 0.5, rel=1e-3)
    assert scores.get("mae") == pytest.approx(mean_absolute_error(wanted, answers), rel=1e-3)
    assert scores.get("r2") == pytest.approx(r2_score(wanted, answers), abs=1e-3)


def test_the_best_epoch_of_a_number_has_the_smallest_error():
    task = of_numbers([1.0, 2.0])
    assert task.rank(Scores(0.1, {"rmse": 1.0})) > task.rank(Scores(0.1, {"rmse": 2.0}))


def test_a_constant_target_is_learned_without_dividing_by_zero():
    task = of_numbers([5.0, 5.0])
    scores = scores_of(task, torch.zeros(2, 1), task.targets(numbers([5.0, 5.0])))
    assert scores.get("rmse") == 0 and scores.get("r2") is None and "RMSE 0" in scores.words


def test_what_outputs_mean_is_said_once():
    task = of_numbers([10.0, 20.0])
    outputs = torch.tensor([[0.0], [3.0], [float("inf")]])
    usual, far, nothing = task.decode(outputs)
    assert (usual.value, far.value, nothing) == (15.0, 30.0, None)
    assert (usual.name, usual.is_outside, far.is_outside) == ("price", False, True)
    table = task.answers(outputs[:2], numbers([10.0, 20.0]))
    assert table["said"].tolist() == [15.0, 30.0] and table["target"].tolist() == [10.0, 20.0]
