"""Which examples come first, on answers whose order is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.evaluation.picking import (
    FURTHEST,
    LEAST_SURE,
    MOST_WRONG,
    SUREST,
    TYPICAL,
    in_cell,
    order,
    pairs,
    picked,
    picks_of,
)
from core.tasks import TASKS
from core.tasks.judging import Confusion, Judged

CLASSES = ("ant", "bee", "cat")


def judged(*rows: tuple[str, list[float]]) -> Judged:
    """rows: what is right, and the chances of ant, bee, cat."""
    answers = pd.DataFrame(
        {
            "name": [str(number) for number in range(len(rows))],
            "label": [label for label, _ in rows],
            "said": [CLASSES[int(np.argmax(chances))] for _, chances in rows],
            "probabilities": [np.array(chances) for _, chances in rows],
        }
    )
    return TASKS["classes"].judge.judged(answers, {"classes": list(CLASSES)}, np.arange(len(rows)))


@pytest.fixture
def some() -> Judged:
    return judged(
        ("ant", [0.9, 0.1, 0.0]),
        ("ant", [0.3, 0.6, 0.1]),
        ("bee", [0.0, 0.0, 1.0]),
        ("bee", [0.1, 0.5, 0.4]),
        ("cat", [0.0, 0.2, 0.8]),
        ("cat", [0.05, 0.9, 0.05]),
        ("cat", [0.0, 0.0, 1.0]),
    )


def test_the_most_wrong_found_what_is_right_least_likely(some):
    assert picked(some, MOST_WRONG).tolist() == [2, 5, 1]


def test_the_surest_mistakes(some):
    assert picked(some, SUREST).tolist() == [2, 5, 1]


def test_the_least_sure(some):
    assert picked(some, LEAST_SURE)[:2].tolist() == [3, 1]


def test_the_most_typical_of_each_class_come_in_turn(some):
    assert picked(some, TYPICAL).tolist() == [6, 0, 3, 4]


def test_numbers_have_other_lists():
    answers = pd.DataFrame({"name": ["a", "b", "c"], "target": [1.0, 2.0, 3.0], "said": [1.5, 2.1, 9.0]})
    numbers = TASKS["number"].judge.judged(answers, {}, np.arange(3))
    assert picks_of(numbers)[0] is FURTHEST
    assert picked(numbers, FURTHEST).tolist() == [2, 0, 1]


def test_a_cell_holds_its_examples_the_surest_first(some):
    confusion = TASKS["classes"].judge.confusion(some)
    assert in_cell(some, confusion, 0, 1).tolist() == [1]
    assert in_cell(some, confusion, 2, 2).tolist() == [6, 4]
    assert sorted(in_cell(some, confusion, None, 1).tolist()) == [1, 3, 5]
    assert sorted(in_cell(some, confusion, 1, None).tolist()) == [2, 3]


def test_pairs_are_the_most_confused_first():
    confusion = Confusion(CLASSES, np.array([[5, 0, 3], [1, 5, 0], [0, 0, 9]]))
    assert [(pair.truth, pair.said, pair.count) for pair in pairs(confusion)] == [(0, 2, 3), (1, 0, 1)]


def test_classes_that_are_confused_lie_together():
    """Of six classes three pairs are confused, which lie apart by name."""
    counts = np.eye(6, dtype=int) * 20
    for one, other in ((0, 3), (1, 4), (2, 5)):
        counts[one, other] = counts[other, one] = 6
    found = order(Confusion(tuple("abcdef"), counts)).tolist()
    assert sorted(found) == list(range(6))
    for one, other in ((0, 3), (1, 4), (2, 5)):
        assert abs(found.index(one) - found.index(other)) == 1


@pytest.mark.parametrize("classes", [1, 2, 200])
def test_any_number_of_classes_can_be_ordered(classes):
    random = np.random.default_rng(0)
    counts = random.integers(0, 3, (classes, classes)) + 20 * np.eye(classes, dtype=int)
    assert sorted(order(Confusion(tuple(map(str, range(classes))), counts)).tolist()) == list(range(classes))
