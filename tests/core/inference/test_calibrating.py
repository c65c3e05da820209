"""How sure a model should be: what was planted is found."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.inference.calibrating import best_temperature, fitted, half_width, held_out_coverage, usual_decision
from core.tasks import TASKS
from core.tasks.decision import PLAIN
from core.tasks.labels import together

CLASSES = {"kind": "classes", "classes": ["a", "b", "c", "d"]}
LABELS = {"kind": "labels", "classes": ["a", "b", "c", "d"]}


def answers(examples: int, over: float, seed: int = 0) -> pd.DataFrame:
    """Of a model whose logits are `over` times as large as is honest."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(examples, 4)) * 2
    honest = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    truth = (honest.cumsum(1) > random.random((examples, 1))).argmax(1)
    said = np.exp(logits * over)
    chances = (said / said.sum(1, keepdims=True)).astype(np.float32)
    names = np.array(CLASSES["classes"])
    rows = {"name": "x", "label": names[truth], "said": names[chances.argmax(1)], "probabilities": list(chances)}
    return pd.DataFrame(rows)


def labeled(examples: int, over: float, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    logits = random.normal(size=(examples, 4)) * 2
    has = random.random((examples, 4)) < 1 / (1 + np.exp(-logits))
    labels = [together([name for name, yes in zip("abcd", row) if yes]) for row in has]
    chances = (1 / (1 + np.exp(-logits * over))).astype(np.float32)
    return pd.DataFrame({"name": "x", "label": labels, "labels": "", "said": "", "probabilities": list(chances)})


def judged(found: pd.DataFrame, spec: dict, groups: np.ndarray | None = None):
    return TASKS[spec["kind"]].judge.judged(found, spec, np.arange(len(found)) if groups is None else groups)


@pytest.mark.parametrize("over", [0.5, 1.0, 3.0])
@pytest.mark.parametrize(("made", "spec"), [(answers, CLASSES), (labeled, LABELS)])
def test_planted_overconfidence_is_found(made, spec, over):
    assert best_temperature(judged(made(4000, over), spec)) == pytest.approx(over, rel=0.1)


def test_overconfidence_is_mended_and_the_gain_is_of_examples_that_it_was_not_found_by():
    fit = fitted(judged(answers(400, 3.0), CLASSES))
    assert fit.helps and fit.after < fit.before - 0.2
    decision = usual_decision(TASKS["classes"].judge, answers(400, 3.0), CLASSES, np.arange(400))
    assert decision.temperature == pytest.approx(3.0, rel=0.2)
    assert (decision.calibrated_on, decision.examples) == ("validation", 400)
    assert decision.loss_after < decision.loss_before


def test_nobody_is_made_surer_unasked():
    """The validation part may have chosen the epoch, and a model looks better there than it is."""
    unsure = answers(800, 0.4)
    assert fitted(judged(unsure, CLASSES)).helps
    assert usual_decision(TASKS["classes"].judge, unsure, CLASSES, np.arange(800)) == PLAIN


def test_who_is_honest_is_left_alone():
    """Of 120 honest models about six are changed by luck: one in twenty, as it was measured of 600."""
    taken = [fitted(judged(answers(120, 1.0, seed), CLASSES)).is_taken for seed in range(120)]
    assert sum(taken) <= 12


def test_too_few_examples_say_nothing():
    few = answers(40, 3.0)
    assert usual_decision(TASKS["classes"].judge, few, CLASSES, np.arange(40)) == PLAIN
    assert usual_decision(None, answers(100, 3.0), CLASSES, np.arange(100)) == PLAIN


def test_who_makes_no_mistake_does_not_become_surer():
    right = answers(200, 1.0)
    right["label"] = right["said"]
    assert not fitted(judged(right, CLASSES)).helps


def test_copies_do_not_count_as_evidence():
    """Ten examples, forty times each, are ten."""
    few, copies = answers(10, 1.6, seed=3), np.tile(np.arange(10), 40)
    alone = fitted(judged(few.iloc[copies].reset_index(drop=True), CLASSES))
    grouped = fitted(judged(few.iloc[copies].reset_index(drop=True), CLASSES, copies))
    assert grouped.ratio == pytest.approx(alone.ratio / 40)


def test_answers_that_are_no_numbers_decide_nothing():
    found = answers(100, 3.0)
    found["probabilities"] = [np.full(4, np.nan, np.float32)] * 100
    assert usual_decision(TASKS["classes"].judge, found, CLASSES, np.arange(100)) == PLAIN


def test_a_range_is_split_conformal():
    assert half_width(np.arange(1.0, 20.0)) == 18  # the 18th of 19: 90% of 20
    assert half_width(np.array([1.0, 2.0])) == 2


def test_a_range_holds_what_it_promises():
    random = np.random.default_rng(0)
    truth = random.normal(50, 10, 2000)
    found = pd.DataFrame({"name": "x", "target": truth, "said": truth + random.normal(0, 2, 2000)})
    spec = {"kind": "number", "target": "age", "mean": 50.0, "deviation": 10.0, "smallest": 0.0, "largest": 99.0}
    decision = usual_decision(TASKS["number"].judge, found, spec, np.arange(2000))
    assert decision.within == pytest.approx(1.645 * 2, rel=0.06)
    assert held_out_coverage(judged(found, spec)).mean() == pytest.approx(0.9, abs=0.02)
