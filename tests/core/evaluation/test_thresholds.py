"""What mistakes cost: the cheapest thresholds of mixtures whose answer is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import precision_score, recall_score

from core.evaluation.thresholds import Costs, at, best, expected, moved, paid, sweep, sweep_all_labels, sweep_least
from core.tasks.decision import PLAIN, Decision, class_said
from core.tasks.judging import Judged


def judged(chances: np.ndarray, truth: np.ndarray, groups: np.ndarray | None = None) -> Judged:
    many = len(truth)
    names = tuple("abcdefgh"[: chances.shape[1]])
    rows, each = pd.DataFrame({"name": [""] * many}), np.arange(many)
    return Judged(rows, names, truth, class_said(chances, PLAIN), chances, each if groups is None else groups)


def two(many: int = 20_000, seed: int = 0) -> Judged:
    """Honest chances of two classes."""
    random = np.random.default_rng(seed)
    chance = random.random(many)
    return judged(np.stack([1 - chance, chance], 1), (random.random(many) < chance).astype(np.int64))


def many(examples: int = 20_000, seed: int = 0) -> Judged:
    random = np.random.default_rng(seed)
    chances = random.dirichlet([0.6] * 4, examples)
    return judged(chances, (chances.cumsum(1) > random.random((examples, 1))).argmax(1))


@pytest.mark.parametrize(("alarm", "miss"), [(1, 1), (1, 9), (4, 1)])
def test_of_honest_chances_the_best_threshold_is_what_theory_says(alarm, miss):
    costs = Costs((alarm, miss))
    found = best(two(), PLAIN, costs)
    assert found.thresholds[1] == pytest.approx(alarm / (alarm + miss), abs=0.05)
    assert sum(found.thresholds) == pytest.approx(1)
    assert expected(costs, of_labels=False)[1] == pytest.approx(alarm / (alarm + miss))


def test_of_two_normal_distributions_the_best_threshold_lies_where_they_cross():
    """Scores of two normal distributions, -1 and 1, equally many: with misses three times as dear, where the densities
    are as 1 to 3. The chances say something else: they are only scores."""
    random = np.random.default_rng(1)
    truth = np.repeat([0, 1], 20_000)
    score = random.normal(np.where(truth == 1, 1.0, -1.0))
    chance = 1 / (1 + np.exp(-score))
    cross = -np.log(3) / 2  # log of the ratio of both densities is 2 x
    found = sweep(judged(np.stack([1 - chance, chance], 1), truth), PLAIN, Costs((1.0, 3.0)), 1)
    assert found.best == pytest.approx(1 / (1 + np.exp(-cross)), abs=0.03)


def test_a_sweep_is_what_each_threshold_costs():
    found, costs = two(300), Costs((1.0, 5.0))
    swept = sweep(found, PLAIN, costs, 1)
    for place in (3, 60, 150):
        decision = Decision(thresholds=moved((0.5, 0.5), 1, swept.thresholds[place], of_labels=False))
        assert swept.costs[place] == pytest.approx(paid(found, decision, costs).mean())
    kept = Decision(thresholds=moved((0.5, 0.5), 1, swept.best, of_labels=False))
    assert swept.least == pytest.approx(paid(found, kept, costs).mean())
    assert swept.least <= swept.costs.min() + 1e-9


def test_a_sweep_of_one_of_several_classes_is_what_each_threshold_costs():
    found, costs = many(300), Costs((1.0, 5.0, 2.0, 1.0))
    for least in (0.0, 0.4):
        decision = Decision(thresholds=(0.5, 0.3, 0.6, 0.5), least=least)
        swept = sweep(found, decision, costs, 2)
        for place in (3, 60, 150):
            at_it = decision.model_copy(
                update={"thresholds": moved(decision.thresholds, 2, swept.thresholds[place], False)}
            )
            assert swept.costs[place] == pytest.approx(paid(found, at_it, costs).mean())


def test_of_several_classes_a_dear_one_is_said_more_often():
    found, costs = many(), Costs((1.0, 1.0, 8.0, 1.0))
    decision = best(found, PLAIN, costs)
    assert 0.06 < decision.thresholds[2] / decision.thresholds[0] < 0.25  # by theory an eighth; the cost is flat there
    theory = Decision(thresholds=expected(costs, of_labels=False))
    assert paid(found, decision, costs).mean() < 1.01 * paid(found, theory, costs).mean()
    assert paid(found, decision, costs).mean() < 0.7 * paid(found, PLAIN, costs).mean()


def test_what_is_best_on_one_half_is_good_on_the_other():
    costs = Costs((1.0, 1.0, 8.0, 1.0))
    decision, other = best(many(seed=1), PLAIN, costs), many(seed=2)
    assert paid(other, decision, costs).mean() < 0.7 * paid(other, PLAIN, costs).mean()


def test_of_labels_each_has_its_own_threshold():
    random = np.random.default_rng(2)
    chances = random.random((10_000, 2))
    found = judged(chances, random.random((10_000, 2)) < chances)
    costs = Costs((4.0, 1.0), (1.0, 4.0))
    assert best(found, PLAIN, costs).thresholds == pytest.approx((0.2, 0.8), abs=0.07)
    assert sweep_all_labels(found, Costs((3.0, 3.0), (1.0, 1.0))).best == pytest.approx(0.25, abs=0.05)
    swept = sweep(found, PLAIN, costs, 0)
    at_it = Decision(thresholds=moved((0.5, 0.5), 0, swept.thresholds[50], of_labels=True))
    assert swept.costs[50] == pytest.approx(paid(found, at_it, costs).mean())


def test_not_sure_is_said_where_it_is_cheaper():
    """Who pays a fifth of a mistake for "not sure" says it where a mistake is likelier than a fifth: Chow's rule."""
    found = two()
    swept = sweep_least(found, PLAIN, Costs((1.0, 1.0), unsure=0.2))
    assert swept.best == pytest.approx(0.8, abs=0.03)
    decision = best(found, Decision(least=0.5), Costs((1.0, 1.0), unsure=0.2))
    assert decision.least == pytest.approx(0.8, abs=0.03)
    assert best(found, PLAIN, Costs((1.0, 1.0), unsure=0.2)).least == 0


def test_precision_and_recall_are_scikit_learns():
    found, decision = many(500), Decision(thresholds=(0.5, 0.2, 0.5, 0.5))
    here, said = at(found, decision, Costs((1.0,) * 4), 1), class_said(found.chances, decision)
    assert here.precision == pytest.approx(precision_score(found.truth == 1, said == 1))
    assert here.recall == pytest.approx(recall_score(found.truth == 1, said == 1))
    assert here.cost.value == pytest.approx((said != found.truth).mean())
    assert here.cost.low < here.cost.value < here.cost.high


def test_a_class_that_was_never_learned_costs_nothing():
    found = two(100)
    strange = judged(found.chances, np.full(100, -1))
    assert paid(strange, PLAIN, Costs((1.0, 1.0))).sum() == 0
    assert at(strange, PLAIN, Costs((1.0, 1.0)), 1).cost.value == 0


def test_copies_make_a_cost_no_surer():
    found = two(50)
    copies = np.tile(np.arange(50), 20)
    alone = at(judged(found.chances[copies], found.truth[copies]), PLAIN, Costs((1.0, 1.0)), 1).cost
    grouped = at(judged(found.chances[copies], found.truth[copies], copies), PLAIN, Costs((1.0, 1.0)), 1).cost
    assert grouped.high - grouped.value > 3 * (alone.high - alone.value)
