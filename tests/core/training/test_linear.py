"""A linear layer that is solved for: against scikit-learn, and by cross-validation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression, Ridge
from torch import nn
from torch.nn import functional

from core.training.linear import STRENGTHS, Axes, Convex, Solver, choose_strength


@pytest.fixture(scope="module")
def digits():
    rows, labels = load_digits(return_X_y=True)
    chosen = np.random.default_rng(0).permutation(len(rows))[:300]
    return torch.from_numpy(rows[chosen]).float(), torch.from_numpy(labels[chosen])


def of_classes(labels):
    return Convex(lambda outputs: outputs.softmax(-1), functional.one_hot(labels, 10), torch.ones(len(labels), 1), 0.5)


def solved(features, loss, strength, iterations=2000):
    solver = Solver(features, loss, strength)
    solver.run(iterations)
    head = nn.Linear(features.shape[1], loss.goals.shape[1])
    solver.put_into(head)
    return head


def test_logistic_regression_is_scikit_learns(digits):
    features, labels = digits
    head, axes = solved(features, of_classes(labels), 0.1), Axes(features)
    scaled = ((features - axes.middle) / axes.scale).numpy()
    wanted = LogisticRegression(C=1 / 0.1, tol=1e-10, max_iter=10_000).fit(scaled, labels).predict_proba(scaled)
    assert np.abs(head(features).softmax(1).detach().numpy() - wanted).max() < 1e-3


def test_ridge_regression_is_scikit_learns_after_one_step(digits):
    features, labels = digits
    goals = labels.float().unsqueeze(1)
    head = solved(features, Convex(lambda outputs: outputs, goals, torch.ones(300, 1), 1.0), 0.1, iterations=1)
    axes = Axes(features)
    scaled = ((features - axes.middle) / axes.scale).numpy()
    wanted = Ridge(0.1).fit(scaled, labels).predict(scaled)
    assert np.abs(head(features).detach().numpy()[:, 0] - wanted).max() < 0.05


def test_fewer_examples_than_features_and_what_does_not_vary(digits):
    features, labels = digits
    wide = torch.cat([features[:40], torch.zeros(40, 100), torch.ones(40, 3)], dim=1)
    head = solved(wide, of_classes(labels[:40]), 0.01)
    assert head.weight.isfinite().all() and (head(wide).argmax(1) == labels[:40]).all()


def test_rows_that_weigh_twice_are_rows_that_are_there_twice(digits):
    features, labels = digits[0][:60], digits[1][:60]
    heavy = of_classes(labels)
    twice = torch.cat([features, features[:30]]), torch.cat([labels, labels[:30]])
    weights = torch.cat([torch.full((30, 1), 2.0), torch.ones(30, 1)])
    one = solved(features, Convex(heavy.link, heavy.goals, weights, 0.5), 0.1)
    # The axes differ, as the rows that are there twice move the mean: compare what is said, not the weights.
    other = solved(twice[0], of_classes(twice[1]), 0.1)
    assert (one(features).argmax(1) == other(features).argmax(1)).float().mean() > 0.98


def test_the_strength_has_the_smallest_loss_on_what_was_held_out(digits):
    features, labels = digits
    folds = np.arange(len(labels)) % 5

    def judge(outputs, held):
        return float(functional.cross_entropy(outputs, labels[held]))

    found = choose_strength(features, of_classes(labels), folds, judge)
    assert found.value == STRENGTHS[int(np.argmin(found.held_out))] and STRENGTHS[0] < found.value < STRENGTHS[-1]
    assert judge(found.outputs, torch.arange(len(labels))) == pytest.approx(min(found.held_out))
    noise = torch.from_numpy(np.random.default_rng(0).permutation(labels.numpy()))
    shuffled = choose_strength(
        features,
        of_classes(noise),
        folds,
        lambda outputs, held: float(functional.cross_entropy(outputs, noise[held])),
    )
    assert shuffled.value == STRENGTHS[-1]  # nothing can be learned, so nothing should be


def test_folds_that_are_never_held_out_have_no_answer(digits):
    features, labels = digits
    folds = np.where(np.arange(len(labels)) % 5 == 0, 0, -1)
    seen = []
    found = choose_strength(features, of_classes(labels), folds, lambda outputs, held: float(seen.append(held) or 0))
    assert torch.equal(found.outputs.isnan().all(1), torch.from_numpy(folds < 0)) and len(seen[0]) == 60


def test_it_goes_on_where_it_was_with_the_same_bits(digits):
    features, labels = digits
    whole, half = (Solver(features, of_classes(labels), 0.1) for _ in range(2))
    whole.run(20)
    half.run(10)
    again = Solver(features, of_classes(labels), 0.1)
    again.load(half.state())
    again.run(10)
    assert torch.equal(again.descent.weights, whole.descent.weights)


def test_what_earlier_stages_say_counts_as_far_as_it_helps(digits):
    features, labels = digits
    folds = np.arange(len(labels)) % 5

    def judge(outputs, held):
        return float(functional.cross_entropy(outputs, labels[held]))

    noise = torch.from_numpy(np.random.default_rng(1).normal(size=(300, 400))).float()
    helps = choose_strength(torch.cat([noise[:, :64], features], dim=1), of_classes(labels), folds, judge, last=64)
    spoils = choose_strength(torch.cat([features, noise], dim=1), of_classes(labels), folds, judge, last=64)
    assert helps.share > spoils.share == 0.0
    head = nn.Linear(464, 10)
    Solver(torch.cat([features, noise], dim=1), of_classes(labels), 0.1, spoils.share, 64).put_into(head)
    assert not head.weight[:, 64:].any()
