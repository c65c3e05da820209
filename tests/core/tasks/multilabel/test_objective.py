"""Several labels: what training makes small, and what it is judged by."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import accuracy_score, f1_score
from torch import nn
from torch.nn import functional

from core.tasks.objective import binary_focal, scores_of
from core.tasks.scores import Scores
from tests.core.tasks.objectives import of_labels

ROWS = pd.DataFrame({"label": ["a", "a\nb", "", "a\nc", "a", "b", "a\nb\nc", "a", "", "a"]})


def labels(**settings):
    return of_labels(ROWS["label"], ("a", "b", "c"), **settings)


def test_the_scores_are_the_textbooks():
    task, outputs = labels(), torch.randn(10, 3, generator=torch.Generator().manual_seed(0))
    wanted, said = task.targets(ROWS), outputs > 0
    parts = zip(outputs.split(4), wanted.split(4))
    scores = task.scores(sum(task.tally(*each, task.eval_loss(*each)) for each in parts))
    assert scores.loss == pytest.approx(nn.BCEWithLogitsLoss()(outputs, wanted).item(), rel=1e-5)
    assert scores.get("macro_f1") == pytest.approx(f1_score(wanted, said, average="macro"), abs=1e-6)
    assert scores.get("exact_match") == pytest.approx(accuracy_score(wanted, said), abs=1e-6)
    assert scores.get("accuracy") == pytest.approx((said == wanted.bool()).float().mean().item(), abs=1e-6)
    assert (scores.task.name, scores.main.name) == ("labels", "macro_f1") and scores.words.startswith("macro F1 ")


def test_who_looks_at_nothing_says_what_is_usual():
    task = labels()
    scores = task.constant(task.targets(ROWS))
    assert scores.get("accuracy") == pytest.approx((7 + 7 + 8) / 30) and scores.get("exact_match") == 0.4
    assert scores.get("macro_f1") == pytest.approx(np.mean([14 / 17, 6 / 13, 4 / 12]))
    nothing = scores_of(task, -torch.ones(2, 3), torch.zeros(2, 3))
    assert (nothing.get("macro_f1"), nothing.get("exact_match")) == (0.0, 1.0)
    assert task.rank(Scores(0.9, {"accuracy": 0.5, "macro_f1": 0.8})) > task.rank(
        Scores(0.1, {"accuracy": 0.9, "macro_f1": 0.7})
    )


def test_what_only_helps_to_learn_does_what_it_says():
    outputs, targets = torch.randn(10, 3), labels().targets(ROWS)
    plain = functional.binary_cross_entropy_with_logits(outputs, targets)
    weights = torch.tensor([3 / 7, 7 / 3, 4.0])
    weighted = functional.binary_cross_entropy_with_logits(outputs, targets, pos_weight=weights)
    smoothed = functional.binary_cross_entropy_with_logits(outputs, targets * 0.8 + 0.1)
    for settings, wanted in (
        ({"balance": "weights"}, weighted),
        ({"label_smoothing": 0.2}, smoothed),
        ({"loss": "focal", "focal_gamma": 0.0}, plain),
        ({"loss": "focal", "focal_gamma": 0.0, "balance": "weights"}, weighted),
    ):
        assert torch.allclose(labels(**settings).loss(outputs, targets), wanted)
        assert torch.allclose(labels(**settings).eval_loss(outputs, targets), plain)
    share = torch.sigmoid(torch.tensor(4.0, dtype=torch.double))
    sure = binary_focal(torch.tensor([[4.0]]), torch.tensor([[1.0]]), 2.0)
    assert sure.item() == pytest.approx(((1 - share) ** 2 * -share.log()).item(), rel=1e-3)


def test_what_outputs_mean_is_said_once():
    task = labels()
    outputs = torch.tensor([[-1.0, 2.0, 1.0], [-1.0, -2.0, -3.0], [float("nan"), 0.0, 0.0]])
    some, none, nothing = task.decode(outputs, most=1)
    assert (some.labels, none.labels, nothing) == (("b", "c"), (), None)
    assert [guess.label for guess in none.each] == ["a", "b", "c"]
    table = task.answers(outputs, ROWS[:3])
    assert table["said"].tolist() == ["b; c", "", ""] and table["labels"].tolist() == ["a", "a; b", ""]
