"""What can be had without training: against scikit-learn, and inside a run."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.linear_model import LogisticRegression, RidgeCV

from core.tasks.simple_models import PENALTIES, STRENGTH, logistic, ridge
from core.training.process.events import Baseline, Progress
from core.training.trials.baseline import baseline
from tests.core.tasks.objectives import of_classes, of_numbers
from tests.core.training.test_trainer import of


@pytest.fixture
def apart():
    """Three clouds far from each other: features (90, 16), labels, and the same again to be asked about."""
    random = np.random.default_rng(0)
    labels = np.arange(90) % 3
    clouds = random.normal(0, 4, (3, 16))
    made = [torch.tensor(clouds[labels] + random.normal(0, 1, (90, 16)), dtype=torch.float32) for _ in range(2)]
    return made[0], torch.from_numpy(labels), made[1]


def test_what_lies_apart_is_told_apart(apart):
    features, labels, asked = apart
    task = of_classes(["a", "b", "c"])
    neighbours, linear = baseline(task, features, labels, asked, labels)
    assert neighbours.get("accuracy") == linear.get("accuracy") == neighbours.get("macro_f1") == 1.0
    assert linear.loss < 0.5


def test_labels_by_lot_cannot_be_known(apart):
    features, labels, asked = apart
    lot = torch.from_numpy(np.random.default_rng(1).integers(0, 3, 90))
    task = of_classes(["a", "b", "c"])
    for scores in baseline(task, features, lot, asked, labels):
        assert scores.get("accuracy") < 0.7


def test_logistic_regression_is_the_textbooks(apart):
    features, labels, asked = apart
    wanted = LogisticRegression(C=STRENGTH, tol=1e-8, max_iter=1000).fit(features.numpy(), labels.numpy())
    found = torch.softmax(logistic(features, labels, asked, 3), dim=1)
    assert np.allclose(found.numpy(), wanted.predict_proba(asked.numpy()), atol=5e-3)


@pytest.mark.parametrize("width", [8, 200])
def test_ridge_regression_is_the_textbooks(width):
    random = np.random.default_rng(0)
    features = random.normal(0, 1, (60, width))
    features -= features.mean(axis=0)
    targets = features @ random.normal(0, 1, width) + random.normal(0, 2, 60) + 7
    wanted = RidgeCV(alphas=PENALTIES * 60).fit(features, targets)
    asked = random.normal(0, 1, (10, width))
    found = ridge(*(torch.tensor(each, dtype=torch.float32) for each in (features, targets, asked)))
    assert found.squeeze(1).numpy() == pytest.approx(wanted.predict(asked), abs=1e-2)


def test_a_number_has_its_scores_in_its_own_unit():
    random = np.random.default_rng(0)
    features = torch.tensor(random.normal(0, 1, (80, 4)), dtype=torch.float32)
    rows = pd.DataFrame({"target": 1000 + 50 * features[:, 0].numpy()})
    task = of_numbers(rows["target"][:60])
    targets = task.targets(rows)
    neighbours, linear = baseline(task, features[:60], targets[:60], features[60:], targets[60:])
    assert linear.get("rmse") < 1 and linear.get("r2") > 0.99
    assert 5 < neighbours.get("rmse") < 60


def test_a_run_says_what_it_has_to_beat_and_the_next_one_knows(recipe, train, workspace):
    (said,) = of(Baseline, train(recipe, "first"))
    assert said.linear.get("accuracy") == 1.0  # red and blue
    (kept,) = (workspace.cache / "baselines").iterdir()
    written = kept.stat().st_mtime_ns
    assert of(Baseline, train(recipe, "second")) == [said]
    assert kept.stat().st_mtime_ns == written
    kept.write_text("{")
    (again,) = of(Baseline, train(recipe, "third"))
    assert (again.linear, again.neighbours) == (said.linear, said.neighbours)


def test_it_is_the_same_whatever_is_frozen_and_costs_a_short_run_nothing(recipe, train):
    (frozen,) = of(Baseline, train(recipe.model_copy(update={"epochs": 10}), "frozen"))
    free = recipe.model_copy(update={"freeze": 2, "epochs": 10})
    assert of(Baseline, train(free, "known")) == [frozen]


def test_a_long_run_with_free_stages_looks_once_more_and_a_short_one_does_not(recipe, train):
    free = recipe.model_copy(update={"freeze": 2})
    assert of(Baseline, train(free, "short")) == []
    events = train(free.model_copy(update={"epochs": 10}), "long")
    assert of(Baseline, events)[0].linear.get("accuracy") == 1.0
    assert events.index(of(Baseline, events)[0]) < events.index([e for e in of(Progress, events) if e.epoch][0])


def test_a_resumed_run_does_not_say_it_again(recipe, train):
    train(recipe, "run", stop_after=1)
    assert len(of(Baseline, train(recipe, "run"))) == 1
