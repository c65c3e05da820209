"""Classes: what training makes small, and what it is judged by."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import balanced_accuracy_score, f1_score
from torch import nn

from core.tasks import TASKS
from core.tasks.objective import focal, scores_of
from core.tasks.scores import Scores
from tests.core.tasks.objectives import of_classes

THREE = pd.DataFrame({"label": ["a"] * 6 + ["b"] * 3 + ["c"]})


def classes(**settings):
    return of_classes(THREE["label"], **settings)


def test_class_weights_make_up_for_few_images():
    assert classes(balance="weights").weights.tolist() == pytest.approx([10 / 18, 10 / 9, 10 / 3])
    outputs, targets = torch.randn(10, 3), classes().targets(THREE)
    wanted = nn.CrossEntropyLoss(weight=torch.tensor([10 / 18, 10 / 9, 10 / 3]))(outputs, targets)
    assert torch.allclose(classes(balance="weights").loss(outputs, targets), wanted)
    assert torch.allclose(
        classes(balance="weights").eval_loss(outputs, targets), nn.CrossEntropyLoss()(outputs, targets)
    )


def test_balanced_sampling_shows_all_classes_equally_often():
    chances = classes().balancing(classes().targets(THREE))
    drawn = np.random.default_rng(0).choice(10, 9000, p=chances)
    assert np.bincount(np.digitize(drawn, [6, 9])) / 9000 == pytest.approx([1 / 3] * 3, abs=0.02)


def test_focal_loss_counts_what_is_sure_less():
    outputs, targets = torch.tensor([[4.0, 0.0], [0.0, 1.0]]), torch.tensor([0, 0])
    each = -torch.log_softmax(outputs, dim=1)[:, 0]
    wanted = ((1 - torch.exp(-each)) ** 2 * each).mean()
    assert torch.allclose(focal(outputs, targets, 2.0), wanted)
    assert torch.allclose(focal(outputs, targets, 0.0), each.mean())


def test_label_smoothing_is_for_learning_and_not_for_judging():
    outputs, targets = torch.randn(10, 3), classes().targets(THREE)
    smoothed = nn.CrossEntropyLoss(label_smoothing=0.2)(outputs, targets)
    assert torch.allclose(classes(label_smoothing=0.2).loss(outputs, targets), smoothed)
    assert torch.allclose(
        classes(label_smoothing=0.2).eval_loss(outputs, targets), nn.CrossEntropyLoss()(outputs, targets)
    )


def test_scores_of_uneven_classes():
    """Against scikit-learn."""
    wanted = classes().targets(THREE)
    outputs = torch.randn(10, 3, generator=torch.Generator().manual_seed(0))
    scores = scores_of(classes(), outputs, wanted)
    said = outputs.argmax(dim=1)
    assert scores.get("balanced_accuracy") == pytest.approx(balanced_accuracy_score(wanted, said))
    assert scores.get("macro_f1") == pytest.approx(f1_score(wanted, said, average="macro"))


def test_the_metric_that_was_chosen_says_which_epoch_is_best():
    one = Scores(0.5, {"accuracy": 0.9, "balanced_accuracy": 0.5, "macro_f1": 0.4})
    other = Scores(0.4, {"accuracy": 0.8, "balanced_accuracy": 0.7, "macro_f1": 0.3})
    ranked = {by: classes(best_by=by) for by in ("accuracy", "balanced_accuracy", "macro_f1", "loss")}
    assert [task.rank(one) > task.rank(other) for task in ranked.values()] == [True, False, True, False]


def test_the_best_epoch_has_the_highest_accuracy_and_of_equal_ones_the_smallest_loss():
    rank = classes().rank
    assert (
        rank(Scores(0.9, {"accuracy": 0.8}))
        > rank(Scores(0.1, {"accuracy": 0.7}))
        > rank(Scores(0.2, {"accuracy": 0.7}))
    )


def test_what_outputs_mean_is_said_once():
    task = classes()
    outputs = torch.tensor([[2.0, 0.0, 1.0], [float("nan"), 0.0, 0.0], [0.0, 3.0, 0.0]])
    first, nothing, last = task.decode(outputs, most=2)
    assert nothing is None and first.classes == 3
    assert [guess.label for guess in first.top] == ["a", "c"] and last.top[0].label == "b"
    assert [guess.probability for guess in first.top] == pytest.approx(outputs[0].softmax(0)[[0, 2]].tolist())
    table = task.answers(outputs, THREE[:3])
    assert table["said"].tolist() == ["a", "", "b"] and table["label"].tolist() == ["a", "a", "a"]
    assert table["probability"].tolist()[::2] == pytest.approx([first.top[0].probability, last.top[0].probability])


def test_a_bundle_alone_says_what_outputs_mean():
    task = TASKS["classes"]
    again = task.objective(task.check({"kind": "classes", "classes": ["x", "y"]}))
    assert again.decode(torch.tensor([[0.0, 1.0]]))[0].top[0].label == "y"
    for damaged in (
        {"kind": "classes"},
        {"kind": "classes", "classes": []},
        {"kind": "labels", "classes": ["x"]},
        None,
    ):
        with pytest.raises(ValueError):
            task.check(damaged)
