from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from core.evaluation.intervals import scores, wilson, worth
from core.tasks.judging import Judged, mean, mean_share
from core.tasks.metrics import ACCURACY, MAE


def judged(right: np.ndarray, groups: np.ndarray | None = None) -> Judged:
    rows = pd.DataFrame({"name": [str(number) for number in range(len(right))], "right": right})
    each = np.arange(len(right))
    return Judged(rows, (), right, right, None, each if groups is None else groups)


@pytest.mark.parametrize(("right", "of"), [(18, 21), (21, 21), (0, 7), (480, 500)])
def test_the_interval_of_a_share_is_wilsons(right, of):
    interval = binomtest(right, of).proportion_ci(method="wilson")
    assert wilson(right / of, of) == pytest.approx((interval.low, interval.high), abs=1e-9)


def test_in_words():
    right = np.arange(21) < 18
    (score,) = scores(judged(right), [mean_share(ACCURACY, right)])
    assert score.words == "85.7%, could be 65% to 95%"
    assert score.examples == score.groups == 21


def test_copies_are_worth_no_more_than_one():
    """Ten groups of twenty copies each say as much as ten examples, and all right is not all sure."""
    groups = np.repeat(np.arange(10), 20)
    right = np.repeat(np.arange(10) < 8, 20)
    assert worth(right.astype(float), groups) == pytest.approx(10, abs=1.1)
    assert worth(np.ones(200), groups) == 10
    (score,) = scores(judged(right, groups), [mean_share(ACCURACY, right)])
    assert (score.low, score.high) == pytest.approx(wilson(0.8, worth(right.astype(float), groups)))
    assert score.groups == 10


def test_groups_that_say_nothing_of_each_other_cost_nothing():
    random = np.random.default_rng(0)
    right, groups = random.random(3000) < 0.8, np.repeat(np.arange(1000), 3)
    assert worth(right.astype(float), groups) > 2400


def test_the_interval_of_a_mean_is_about_two_standard_errors():
    values = np.random.default_rng(1).normal(10, 2, 400)
    (score,) = scores(judged(values > 0), [mean(MAE, values)])
    assert (score.low, score.high) == pytest.approx((values.mean() - 0.196, values.mean() + 0.196), abs=0.03)


def test_the_interval_holds_what_is_true_as_often_as_it_says():
    """Of 300 samples of 25, whose true share is 0.9, nearly all intervals hold it; 0.95 is promised."""
    random = np.random.default_rng(2)
    held = [low <= 0.9 <= high for low, high in (wilson((random.random(25) < 0.9).mean(), 25) for _ in range(300))]
    assert np.mean(held) > 0.92


def test_three_examples_are_too_few_to_resample():
    (score,) = scores(judged(np.ones(3, bool)), [mean(MAE, np.array([1.0, 2.0, 3.0]))])
    assert (score.low, score.high) == (None, None)
    assert "too few" in score.words


def test_nothing_has_no_scores():
    assert scores(judged(np.ones(0, bool)), [mean_share(ACCURACY, np.ones(0, bool))]) == []
