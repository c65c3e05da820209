from __future__ import annotations

import pytest

from core.evaluation.choice import flattery
from core.tasks.metrics import ACCURACY, RMSE


def test_a_lucky_epoch_is_compared_with_those_around_it():
    assert flattery(ACCURACY, [0.80, 0.82, 0.90, 0.84, 0.82], 2) == pytest.approx(0.90 - 0.83)


def test_of_an_error_the_lowest_is_the_lucky_one():
    assert flattery(RMSE, [3.0, 2.0, 3.2], 1) == pytest.approx(1.0)


def test_one_epoch_was_not_chosen():
    assert flattery(ACCURACY, [0.9], 0) is None


def test_while_it_still_learns_nobody_can_tell():
    assert flattery(ACCURACY, [0.5, 0.7, 0.9], 2) is None


def test_an_epoch_that_is_no_better_than_its_neighbours_flatters_by_nothing():
    assert flattery(ACCURACY, [0.9, 0.9, 0.9], 1) == 0
