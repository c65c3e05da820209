"""Scores as named values, and as earlier versions wrote them."""

from __future__ import annotations

import json

import pytest

from core.records import adapter, plain
from core.tasks.scores import Scores

NONE = dict.fromkeys(("balanced_accuracy", "macro_f1", "rmse", "mae", "r2", "exact_match"))
EARLIER = {
    "classes": {"loss": 0.5, "accuracy": 0.8, **NONE, "balanced_accuracy": 0.7, "macro_f1": 0.6},
    "labels": {"loss": 0.5, "accuracy": 0.8, **NONE, "macro_f1": 0.6, "exact_match": 0.4},
    "number": {"loss": 0.5, "accuracy": None, **NONE, "rmse": 2.5, "mae": 2.0},
}


@pytest.mark.parametrize("task", EARLIER)
def test_what_earlier_versions_wrote_is_read(task):
    found = Scores.read(EARLIER[task])
    assert (found.task.name, found.loss) == (task, 0.5)
    assert [found.get(name) for name in EARLIER[task]] == list(EARLIER[task].values())
    assert next(iter(found.values)) == found.main.name == found.task.metrics[0].name


def test_what_was_written_first_had_one_score():
    assert Scores.read({"loss": 0.3, "accuracy": 0.8, "balanced_accuracy": None}).words == "accuracy 80.0%"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"accuracy": 0.934, "balanced_accuracy": 0.5, "macro_f1": 0.4}, "accuracy 93.4%"),
        ({"macro_f1": 0.872, "accuracy": 0.9, "exact_match": 0.61}, "macro F1 87.2%, all labels right 61.0%"),
        ({"rmse": 2.134, "mae": 1.0, "r2": 0.94}, "RMSE 2.134, R² 0.94"),
        ({"rmse": 2.134, "mae": 1.0, "r2": None}, "RMSE 2.134"),
    ],
)
def test_written_flat_and_read_again(values, words):
    scores = Scores(0.25, values)
    assert scores.words == words
    said = plain(scores)
    assert list(said) == ["loss", *values]
    assert adapter(Scores).validate_json(json.dumps(said)) == scores


@pytest.mark.parametrize(
    "said",
    [
        {"accuracy": 0.5},
        {"loss": "much", "accuracy": 0.5},
        {"loss": 0.5, "accuracy": 7.0},
        {"loss": 0.5, "accuracy": True},
        {"loss": 0.5, "accuracy": 0.5, "rmse": 1.0},
        [0.5, 0.5],
        None,
    ],
)
def test_what_are_no_scores_is_refused(said):
    with pytest.raises(ValueError):
        adapter(Scores).validate_python(said)


def test_the_better_ranks_higher_and_of_equals_the_smaller_loss():
    def ranked(by, **values):
        return Scores(values.pop("loss", 0.5), values).rank(by)

    assert ranked("accuracy", accuracy=0.8) > ranked("accuracy", accuracy=0.7)
    assert ranked("accuracy", accuracy=0.7, loss=0.1) > ranked("accuracy", accuracy=0.7, loss=0.2)
    assert ranked("rmse", rmse=1.0) > ranked("rmse", rmse=2.0)
    assert ranked("loss", rmse=2.0, loss=0.1) > ranked("loss", rmse=1.0, loss=0.2)
    assert ranked("r2", rmse=1.0, r2=None, loss=0.5) == (-0.5,)
