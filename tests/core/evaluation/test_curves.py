"""Curves and their areas are scikit-learn's; intervals hold what is true."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

from core.evaluation.curves import POINTS, curve, worst_first
from core.tasks.judging import Judged


def judged(truth: np.ndarray, chances: np.ndarray, groups: np.ndarray | None = None) -> Judged:
    rows, each = pd.DataFrame({"name": [""] * len(truth)}), np.arange(len(truth))
    names = tuple(f"class {number}" for number in range(chances.shape[1]))
    return Judged(rows, names, truth, chances.argmax(1), chances, each if groups is None else groups)


def some(examples: int = 2000, seed: int = 0) -> Judged:
    """Of four classes the third is the weakest."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, 4, examples)
    logits = random.normal(size=(examples, 4))
    logits[np.arange(examples), truth] += np.array([3.0, 2.0, 0.5, 2.5])[truth]
    chances = np.exp(logits)
    return judged(truth, chances / chances.sum(1, keepdims=True))


def test_areas_are_scikit_learns():
    found = some()
    one = curve(found, 1, "precision-recall")
    there = found.truth == 1
    assert one.area == pytest.approx(average_precision_score(there, found.chances[:, 1]))
    assert curve(found, 1, "roc").area == pytest.approx(roc_auc_score(there, found.chances[:, 1]))
    assert (one.name, one.there, one.examples) == ("class 1", there.sum(), 2000)


def test_a_drawn_curve_has_few_points_and_stays_on_the_curve():
    found = some(20_000)
    one = curve(found, 2, "precision-recall")
    assert len(one.x) <= POINTS and (one.x[0], one.x[-1]) == (0, 1)
    precision, recall, _ = precision_recall_curve(found.truth == 2, found.chances[:, 2])
    drawn = np.interp(recall[::-1], one.x, one.y)
    assert np.abs(drawn - precision[::-1])[recall[::-1] > 0.02].max() < 0.02
    roc = curve(found, 2, "roc")
    assert len(roc.x) <= POINTS and (roc.x[0], roc.y[0], roc.x[-1], roc.y[-1]) == (0, 0, 1, 1)


@pytest.mark.parametrize("kind", ["precision-recall", "roc"])
def test_the_worst_come_first_and_those_without_examples_not_at_all(kind):
    found = some()
    assert worst_first(found, kind)[0] == 2 and len(worst_first(found, kind)) == 4
    missing = judged(np.where(found.truth == 3, 0, found.truth), found.chances)
    assert 3 not in worst_first(missing, kind)


def test_of_very_many_chances_the_worst_is_told_sooner_and_is_the_same(monkeypatch):
    found = some()
    monkeypatch.setattr("core.evaluation.curves.LARGE", 100)
    assert worst_first(found, "roc")[0] == 2 and len(worst_first(found, "roc")) == 4
    labels = judged(np.eye(4, dtype=bool)[found.truth], found.chances)
    labels = Judged(labels.rows, labels.names, labels.truth, found.chances > 0.5, found.chances, labels.groups)
    assert worst_first(labels, "roc")[0] == 2


def test_labels_have_curves_too():
    random = np.random.default_rng(3)
    chances = random.random((500, 2))
    found = judged(random.random((500, 2)) < chances, chances)
    assert curve(found, 0, "roc").area == pytest.approx(roc_auc_score(found.truth[:, 0], chances[:, 0]))


def test_the_interval_of_an_area_holds_what_is_true():
    """Two normal distributions one apart: the area is 0.7602. 95 of 100 intervals are promised."""
    random, held = np.random.default_rng(4), []
    for _ in range(150):
        truth = np.repeat([0, 1], [60, 30])
        score = random.normal(truth.astype(float))
        chance = 1 / (1 + np.exp(-score))
        one = curve(judged(truth, np.stack([1 - chance, chance], 1)), 1, "roc")
        held.append(one.low <= 0.7602 <= one.high)
    assert np.mean(held) > 0.9


def test_a_perfect_curve_is_not_all_sure_and_copies_count_once():
    truth = np.repeat([0, 1], 10)
    found = judged(truth, np.stack([1.0 - truth, truth], 1).astype(float))
    for kind in ("roc", "precision-recall"):
        one = curve(found, 1, kind)
        assert (one.area, one.high) == pytest.approx((1, 1)) and 0.6 < one.low < 0.8
    few, copies = some(60), np.tile(np.arange(60), 20)
    alone = curve(judged(few.truth[copies], few.chances[copies]), 2, "roc")
    grouped = curve(judged(few.truth[copies], few.chances[copies], copies), 2, "roc")
    assert grouped.high - grouped.low > 3 * (alone.high - alone.low)
