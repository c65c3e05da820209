"""What a linear layer says that has not seen an example, and which answers are doubted by it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.survey import held_out
from core.tasks import CLASSIFICATION, MULTILABEL, REGRESSION
from core.tasks.doubts import doubted_answers, doubted_classes
from core.tasks.labels import together
from core.tasks.protocol import Untouched
from tests.core.survey.test_survey import clouds, ignore


def doubts(task, features, frame, listen=ignore, classes=()):
    """What the task doubts of these answers, by the outputs of who has not seen them."""
    objective = task.objective(task.spec(classes, "", frame), Untouched(task.convex_loss), frame)
    folds = np.arange(len(frame)) % 5
    outputs = held_out.outputs_of(features, objective, objective.targets(frame), folds, listen)
    return objective.doubts(outputs, frame), outputs


def of_classes(features, labels, listen=ignore):
    return doubts(CLASSIFICATION, features, pd.DataFrame({"label": labels.astype(str)}), listen, ("0", "1", "2"))


def of_numbers(features, targets):
    return doubts(REGRESSION, features, pd.DataFrame({"target": targets}))[0]


def test_planted_wrong_labels_are_found_first():
    features, labels = clouds()
    wrong = labels.copy()
    wrong[[3, 70, 130]] = [1, 2, 0]
    found, _ = of_classes(features, wrong)
    assert set(np.argsort(-found.doubt)[:3]) == {3, 70, 130} and found.worth.sum() == 3
    assert [found.likelier[row] for row in (3, 70, 130)] == ["0", "1", "2"]
    assert not of_classes(features, labels)[0].worth.any()


def test_what_is_hard_to_tell_is_not_doubted():
    """Where nothing is known, an own class that is unlikely is not enough: no other may be likelier by far."""
    doubt, _, doubted = doubted_classes(np.array([0, 0]), np.array([[0.04, 0.5, 0.46], [0.04, 0.9, 0.06]]))
    assert doubt.tolist() == pytest.approx([0.96, 0.96]) and doubted.tolist() == [False, True]


@pytest.mark.parametrize("there", [True, False])
def test_of_several_labels_each_is_doubted_for_itself_and_the_worst_counts(there):
    features, cloud = clouds()
    has = np.stack([cloud == 0, cloud != 1], axis=1)
    right = has.copy()
    wrong = 5 if there else 100
    has[wrong, 0] = not has[wrong, 0]
    said = [together(name for name, yes in zip("ab", row) if yes) for row in has]
    found, _ = doubts(MULTILABEL, features, pd.DataFrame({"label": said}), classes=("a", "b"))
    assert found.doubt.argmax() == wrong and np.flatnonzero(found.worth).tolist() == [wrong]
    assert found.likelier[wrong] == ("a, b" if there else "no label")
    rare = right[:, :1].copy()
    rare[3:] = False
    assert not doubted_answers(rare, np.full(rare.shape, 0.01))[2].any(), "three of a kind are too few to doubt any"


def test_a_number_far_from_what_is_expected_is_doubted():
    features, _ = clouds()
    targets = features[:, :5].sum(axis=1).astype(float)
    targets[7] += 40
    found = of_numbers(features, targets)
    assert found.doubt.argmax() == 7 and found.worth[7] and found.worth.sum() == 1
    assert abs(float(found.likelier[7]) - (targets[7] - 40)) < 5


def test_numbers_that_are_not_to_be_seen_are_not_doubted():
    random = np.random.default_rng(0)
    targets = random.permutation(np.where(np.arange(100) % 5, random.normal(50, 1, 100), random.uniform(0, 100, 100)))
    features = random.normal(size=(100, 20)).astype(np.float32)
    assert not of_numbers(features, targets).worth.any()


def test_where_there_are_many_some_choose_how_strongly_to_hold_back(monkeypatch):
    features, labels = clouds()
    _, whole = of_classes(features, labels)
    monkeypatch.setattr(held_out, "ENOUGH", 90)
    monkeypatch.setattr(held_out, "FEWEST", 90)
    told = []
    _, part = of_classes(features, labels, lambda done, total: told.append(done))
    assert (part.argmax(dim=1) == whole.argmax(dim=1)).all() and told == sorted(told) and max(told) > 60
