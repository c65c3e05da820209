from __future__ import annotations

import pytest

from core.tasks import TASKS
from core.tasks.metrics import ACCURACY, EXACT_MATCH, LOSS, MACRO_F1, MAE, R2, RMSE


@pytest.mark.parametrize(
    ("metric", "value", "exact", "brief"),
    [
        (ACCURACY, 0.9345, "accuracy 93.5%", "accuracy 93%"),
        (MACRO_F1, 0.5, "macro F1 50.0%", "macro F1 50%"),
        (EXACT_MATCH, 1.0, "all labels right 100.0%", "all labels right 100%"),
        (RMSE, 1234.56, "RMSE 1235", "RMSE 1.23e+03"),
        (R2, -0.1234, "R² -0.123", "R² -0.123"),
        (LOSS, 0.03125, "loss 0.0312", "loss 0.0312"),
        (MAE, None, "MAE –", "MAE –"),
    ],
)
def test_a_value_in_words(metric, value, exact, brief):
    assert (metric.words(value), metric.words(value, exact=False)) == (exact, brief)


def test_each_task_says_what_pages_ask_of_its_metrics():
    for task in TASKS.values():
        names = [metric.name for metric in task.metrics]
        assert len(names) == len(set(names)) and names[-1] == "loss"
        assert set(task.spoken) <= set(task.metrics) and set(task.shown) <= set(task.metrics)
        assert task.spoken[0] == task.shown[0] == task.metrics[0]
        assert all(metric.help and metric.title for metric in task.metrics)


def test_the_higher_rank_is_better():
    assert ACCURACY.rank(0.9) > ACCURACY.rank(0.8) and RMSE.rank(1.0) > RMSE.rank(2.0)
