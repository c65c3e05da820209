"""Scores of answers, beside scikit-learn's and beside those that the objectives give in training."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn import metrics

from core.tasks import TASKS
from core.tasks.judging import Judged, Measure, Whole
from core.tasks.objective import scores_of

RANDOM = np.random.default_rng(3)
CLASSES = ("ant", "bee", "cat", "dog", "eel")


def values(kind: str, judged: Judged) -> dict[str, float]:
    found = {}
    for measure in TASKS[kind].judge.measures(judged):
        if isinstance(measure, Whole):
            found[measure.metric.name] = measure.of(np.arange(len(judged)))
        else:
            found[measure.metric.name] = float(measure.of(np.asarray(measure.parts.sum(axis=0)).ravel()))
    return found


def judge(kind: str, spec: dict, rows: pd.DataFrame, outputs: torch.Tensor) -> tuple[Judged, dict]:
    """As a run's end does it: the objective answers, the judge judges; and the objective's own scores."""
    objective = TASKS[kind].objective(spec)
    answers = objective.answers(outputs, rows).assign(name=[f"{number}.png" for number in range(len(rows))])
    judged = TASKS[kind].judge.judged(answers, spec, np.arange(len(rows)))
    return judged, scores_of(objective, outputs, objective.targets(rows)).flat()


@pytest.fixture
def classes() -> tuple[Judged, dict]:
    truth = RANDOM.integers(0, 5, 200)
    outputs = torch.tensor(RANDOM.normal(size=(200, 5)) + 2 * np.eye(5)[truth], dtype=torch.float32)
    rows = pd.DataFrame({"label": [CLASSES[each] for each in truth]})
    return judge("classes", {"kind": "classes", "classes": list(CLASSES)}, rows, outputs)


def test_scores_of_classes(classes):
    judged, trained = classes
    found = values("classes", judged)
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(judged.truth, judged.said))
    assert found["balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(judged.truth, judged.said))
    assert found["macro_f1"] == pytest.approx(metrics.f1_score(judged.truth, judged.said, average="macro"))
    assert found["log_loss"] == pytest.approx(metrics.log_loss(judged.truth, judged.chances), rel=1e-5)
    assert found["top_3"] == pytest.approx(metrics.top_k_accuracy_score(judged.truth, judged.chances, k=3))
    assert all(found[name] == pytest.approx(trained[name]) for name in ("accuracy", "balanced_accuracy", "macro_f1"))
    assert found["log_loss"] == pytest.approx(trained["loss"], rel=1e-4)


def test_each_class(classes):
    judged, _ = classes
    precision, recall, f1, there = metrics.precision_recall_fscore_support(judged.truth, judged.said)
    table = TASKS["classes"].judge.each(judged)
    assert table["name"].tolist() == list(CLASSES)
    np.testing.assert_allclose(table[["precision", "recall", "f1"]], np.stack([precision, recall, f1], axis=1))
    assert table["there"].tolist() == there.tolist()


def test_confusion_of_classes(classes):
    judged, _ = classes
    confusion = TASKS["classes"].judge.confusion(judged)
    np.testing.assert_array_equal(confusion.counts, metrics.confusion_matrix(judged.truth, judged.said))


def test_a_class_that_was_never_learned_is_a_mistake_with_a_row_of_its_own():
    rows = pd.DataFrame({"label": ["ant", "yak", "bee"]})
    outputs = torch.tensor([[2.0, 0.0], [2.0, 0.0], [0.0, 2.0]])
    spec = {"kind": "classes", "classes": ["ant", "bee"]}
    answers = TASKS["classes"].objective(spec).answers(outputs, rows).assign(name=["1", "2", "3"])
    judged = TASKS["classes"].judge.judged(answers, spec, np.arange(3))
    assert judged.rows["right"].tolist() == [True, False, True]
    confusion = TASKS["classes"].judge.confusion(judged)
    assert confusion.names == ("ant", "bee", "yak")
    assert confusion.counts.tolist() == [[1, 0, 0], [0, 1, 0], [1, 0, 0]]
    assert TASKS["classes"].judge.each(judged)["there"].tolist() == [1, 1]


def test_scores_of_labels():
    names = ("red", "round", "a; b")
    held = RANDOM.random((150, 3)) < 0.4
    outputs = torch.tensor(RANDOM.normal(size=(150, 3)) + 2 * held - 1, dtype=torch.float32)
    texts = ["\n".join(sorted(name for name, yes in zip(names, row) if yes)) for row in held]
    spec = {"kind": "labels", "classes": list(names)}
    judged, trained = judge("labels", spec, pd.DataFrame({"label": texts}), outputs)
    np.testing.assert_array_equal(judged.truth, held)
    found = values("labels", judged)
    assert found["macro_f1"] == pytest.approx(metrics.f1_score(held, judged.said, average="macro"))
    assert found["exact_match"] == pytest.approx(metrics.accuracy_score(held, judged.said))
    assert found["mean_average_precision"] == pytest.approx(metrics.average_precision_score(held, judged.chances))
    assert all(found[name] == pytest.approx(trained[name]) for name in ("macro_f1", "accuracy", "exact_match"))


def test_scores_of_numbers():
    truth = RANDOM.normal(20, 5, 120)
    spec = {"kind": "number", "target": "age", "mean": 20.0, "deviation": 5.0, "smallest": 0.0, "largest": 40.0}
    outputs = torch.tensor((truth - 20) / 5 + RANDOM.normal(0, 0.3, 120), dtype=torch.float32)[:, None]
    judged, trained = judge("number", spec, pd.DataFrame({"target": truth}), outputs)
    found = values("number", judged)
    assert found["rmse"] == pytest.approx(metrics.root_mean_squared_error(truth, judged.said))
    assert found["mae"] == pytest.approx(metrics.mean_absolute_error(truth, judged.said))
    assert found["r2"] == pytest.approx(metrics.r2_score(truth, judged.said))
    assert all(found[name] == pytest.approx(trained[name], rel=1e-3) for name in ("rmse", "mae", "r2"))


def test_numbers_that_are_all_the_same_explain_nothing():
    judged = TASKS["number"].judge.judged(
        pd.DataFrame({"name": ["a", "b"], "target": [3.0, 3.0], "said": [3.0, 4.0]}), {}, np.arange(2)
    )
    assert np.isnan(values("number", judged)["r2"])


def entities(truth: str, said: str) -> Judged:
    answers = pd.DataFrame(
        {"name": ["t"], "entities": [""], "said": [""], "probability": [0.9], "spans": [truth], "said_spans": [said]}
    )
    return TASKS["tokens"].judge.judged(answers, {"types": ["BOAT", "PORT"]}, np.arange(1))


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ('[[0, 4, "BOAT"]]', "right"),
        ('[[0, 6, "BOAT"]]', "border"),
        ('[[0, 4, "PORT"]]', "type"),
        ("[]", "missed"),
        ('[[7, 9, "BOAT"]]', "missed"),
    ],
)
def test_what_became_of_an_entity(said, kind):
    row = TASKS["tokens"].judge.each(entities('[[0, 4, "BOAT"]]', said)).set_index("name").loc["BOAT"]
    assert row["there"] == 1
    assert {name: row[name] for name in ("right", "border", "type", "missed")} == {
        name: int(name == kind) for name in ("right", "border", "type", "missed")
    }


def test_an_entity_where_there_is_none_is_spurious():
    row = TASKS["tokens"].judge.each(entities("[]", '[[7, 9, "PORT"]]')).set_index("name").loc["PORT"]
    assert (row["said"], row["spurious"], row["there"]) == (1, 1, 0)


def test_scores_of_entities_count_all_of_them_together():
    judged = entities('[[0, 4, "BOAT"], [6, 9, "PORT"]]', '[[0, 4, "BOAT"]]')
    assert values("tokens", judged) == {
        "entity_f1": pytest.approx(2 / 3),
        "entity_precision": 1.0,
        "entity_recall": 0.5,
        "exact_match": 0.0,
    }


def test_some_of_the_examples(classes):
    judged, _ = classes
    half = judged.of(judged.truth == 2)
    assert len(half) == (judged.truth == 2).sum()
    assert set(half.rows["truth"]) == {"cat"}
    assert isinstance(TASKS["classes"].judge.measures(half)[0], Measure)


def test_an_answer_that_is_no_number_is_a_mistake_that_nothing_stumbles_over():
    answers = pd.DataFrame(
        {
            "name": ["1", "2", "3"],
            "label": ["ant", "bee", "bee"],
            "said": ["", "bee", "bee"],
            "probabilities": [np.array([np.nan, np.nan]), np.array([0.2, 0.8]), np.array([0.4, 0.6])],
        }
    )
    judged = TASKS["classes"].judge.judged(answers, {"classes": ["ant", "bee"]}, np.arange(3))
    assert np.isfinite(judged.chances).all()
    assert judged.rows["right"].tolist() == [False, True, True]
    assert values("classes", judged)["accuracy"] == pytest.approx(2 / 3)


def test_numbers_are_scored_where_there_are_some():
    answers = pd.DataFrame({"name": ["a", "b", "c"], "target": [1.0, 2.0, 4.0], "said": [np.nan, 2.5, 3.0]})
    found = values("number", TASKS["number"].judge.judged(answers, {}, np.arange(3)))
    assert found["mae"] == pytest.approx(0.75)
