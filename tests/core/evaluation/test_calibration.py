"""Whether a model is as often right as it is sure: what was planted is seen."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from core.evaluation.calibration import can_be_held_out, reliability


def answers(many: int, too_sure: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    sure = random.uniform(0.5, 1, many)
    return sure, random.random(many) < sure - too_sure


def test_planted_overconfidence_is_the_error():
    found = reliability(*answers(5000, 0.14))
    assert found.error == pytest.approx(0.14, abs=0.02) and found.by_width == pytest.approx(0.14, abs=0.02)
    assert found.is_off and found.by_chance < 0.04
    assert found.words == "75% sure on average, and right for 60%: too sure by 15 points"


def test_who_is_honest_is_off_by_no_more_than_chance():
    off = [reliability(*answers(300, 0.0, seed)).is_off for seed in range(40)]
    assert sum(off) <= 6


def test_the_bins_are_scikit_learns():
    sure, right = answers(1000, 0.1)
    found = reliability(sure, right)
    share, mean = calibration_curve(right, sure, n_bins=len(found.bins), strategy="quantile")
    assert [each.sure for each in found.bins] == pytest.approx(mean, abs=0.004)
    assert [each.right for each in found.bins] == pytest.approx(share, abs=0.03)
    assert {each.answers for each in found.bins} <= {66, 67}


def test_few_answers_make_few_bins_with_wide_ranges():
    found = reliability(*answers(45, 0.0))
    assert len(found.bins) == 2 and all(each.to - each.from_ > 0.15 for each in found.bins)
    assert len(reliability(*answers(7, 0.0)).bins) == 1


def test_equally_sure_answers_come_in_no_order_that_means_something():
    """All 99% sure, the first 850 right: sorted as they came, bins would be all right or all wrong."""
    found = reliability(np.full(1000, 0.99), np.arange(1000) < 850)
    assert found.error == pytest.approx(0.14, abs=0.005)
    assert found.worst.right == pytest.approx(0.85, abs=0.12)


def test_copies_say_no_more_than_one():
    sure, right = answers(40, 0.0)
    copies = np.tile(np.arange(40), 10)
    alone, grouped = reliability(sure[copies], right[copies]), reliability(sure[copies], right[copies], copies)
    assert np.mean([each.to - each.from_ for each in grouped.bins]) > np.mean(
        [each.to - each.from_ for each in alone.bins]
    )


def test_of_one_group_nothing_can_be_held_out():
    one = SimpleNamespace(part="validation", undecided=SimpleNamespace(groups=np.zeros(60, int)))
    two = SimpleNamespace(part="test", undecided=SimpleNamespace(groups=np.arange(60)))
    assert not can_be_held_out(one, one)
    assert can_be_held_out(one, two) and can_be_held_out(two, two)
