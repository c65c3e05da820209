"""How chances become an answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from core.tasks import TASKS
from core.tasks.decision import NONE, Decision, class_said, labels_said, log_odds, tempered, tempered_each
from core.tasks.labels import together

LOGITS = torch.tensor([[2.0, 1.0, -1.0], [0.2, 0.1, 0.0], [-3.0, 4.0, 0.5]])


def test_a_temperature_divides_the_logits():
    chances = torch.softmax(LOGITS, 1).numpy()
    assert tempered(chances, 2.5) == pytest.approx(torch.softmax(LOGITS / 2.5, 1).numpy(), abs=1e-6)
    each = torch.sigmoid(LOGITS).numpy()
    assert tempered_each(each, 2.5) == pytest.approx(torch.sigmoid(LOGITS / 2.5).numpy(), abs=1e-5)


@pytest.mark.parametrize("temperature", [0.2, 3.0, 15.0])
def test_a_temperature_changes_nothing_that_is_said(temperature):
    random = np.random.default_rng(0)
    chances = random.dirichlet([0.3] * 5, 200).astype(np.float32)
    assert (tempered(chances, temperature).argmax(1) == chances.argmax(1)).all()
    each = random.random((200, 4)).astype(np.float32)
    assert (labels_said(tempered_each(each, temperature), Decision()) == (each > 0.5)).all()


def test_what_is_as_good_as_sure_stays_a_number():
    sure = np.array([[1.0, 0.0]], np.float32)
    assert np.isfinite(tempered(sure, 3)).all() and np.isfinite(tempered_each(sure, 3)).all()
    assert np.isfinite(log_odds(sure)).all()


def test_of_classes_the_largest_chance_for_its_threshold_is_said():
    chances = np.array([[0.6, 0.3, 0.1], [0.4, 0.35, 0.25], [0.9, 0.05, 0.05]])
    assert class_said(chances, Decision(thresholds=(0.5, 0.2, 0.3))).tolist() == [1, 1, 0]
    assert class_said(chances, Decision(least=0.5)).tolist() == [0, NONE, 0]


@pytest.mark.parametrize("threshold", [0.1, 0.31, 0.9])
def test_of_two_classes_a_threshold_of_one_is_enough(threshold):
    chance = np.random.default_rng(1).random(500)
    said = class_said(np.stack([1 - chance, chance], 1), Decision(thresholds=(1 - threshold, threshold)))
    assert (said == (chance > threshold)).all()


def test_of_labels_each_has_a_threshold():
    decision = Decision(thresholds=(0.2, 0.7))
    assert labels_said(np.array([[0.3, 0.6]]), decision).tolist() == [[True, False]]


def test_thresholds_are_of_as_many_classes_as_there_are():
    Decision(thresholds=(0.5, 0.5)).check(2)
    with pytest.raises(ValueError, match="2 thresholds for 3 classes"):
        Decision(thresholds=(0.5, 0.5)).check(3)


def _classes(spec):
    objective, rows = TASKS["classes"].objective(spec), pd.DataFrame({"label": ["a", "b", "c"]})
    return objective, objective.answers(LOGITS, rows).assign(name="x")


def test_judge_and_objective_decide_alike_about_classes():
    spec = {"kind": "classes", "classes": ["a", "b", "c"]}
    objective, answers = _classes(spec)
    decision = Decision(temperature=2.0, thresholds=(0.9, 0.2, 0.5), least=0.332)
    found = objective.decode(LOGITS / 2.0, decision=decision)
    judged = TASKS["classes"].judge.judged(answers, spec, np.arange(3), decision)
    assert [each.label for each in found] == judged.rows["said"].tolist() == ["not sure", "b", "b"]
    assert [each.top[0].probability for each in found] == pytest.approx(judged.rows["sure"].tolist())
    assert judged.said.tolist() == [NONE, 1, 1] and judged.rows["right"].tolist() == [False, True, False]
    kept = TASKS["classes"].judge.decided(answers, spec, decision)
    assert kept["said"].tolist() == judged.rows["said"].tolist()


def test_judge_and_objective_decide_alike_about_labels():
    spec = {"kind": "labels", "classes": ["a", "b", "c"]}
    objective, rows = (
        TASKS["labels"].objective(spec),
        pd.DataFrame({"label": [together(["a"]), together([]), together(["b"])]}),
    )
    answers = objective.answers(LOGITS, rows).assign(name="x")
    decision = Decision(temperature=2.0, thresholds=(0.8, 0.3, 0.56))
    found = objective.decode(LOGITS / 2.0, decision=decision)
    judged = TASKS["labels"].judge.judged(answers, spec, np.arange(3), decision)
    said = [[name for name, yes in zip("abc", row) if yes] for row in judged.said]
    assert [sorted(each.labels) for each in found] == said == [["b"], ["b"], ["b", "c"]]
    assert TASKS["labels"].judge.decided(answers, spec, decision)["said"].tolist() == ["b", "b", "b; c"]


def test_a_number_has_its_range():
    spec = {"kind": "number", "target": "age", "mean": 10.0, "deviation": 2.0, "smallest": 0.0, "largest": 20.0}
    (found,) = TASKS["number"].objective(spec).decode(torch.tensor([[1.0]]), decision=Decision(within=3.1))
    assert found.row() == pytest.approx({"value": 12.0, "low": 8.9, "high": 15.1})
    assert "90% of answers within ±3.1" in found.words()
