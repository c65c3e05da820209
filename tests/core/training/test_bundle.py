"""What a run decides by itself when it ends."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from core.tasks.decision import PLAIN
from core.training.bundle import _decision
from core.training.finishing import Finished
from tests.core.inference.test_calibrating import CLASSES, answers


def ended(over: float, copies: int = 1):
    """A run of a model whose logits are `over` times as large as is honest, with 300 validation examples."""
    found = answers(300, over).assign(split="validation")
    rows = pd.DataFrame({"twins": 0, "group": [str(number // copies) if copies > 1 else "" for number in range(300)]})
    dataset = SimpleNamespace(part=lambda part: rows)
    material = SimpleNamespace(task=SimpleNamespace(spec=CLASSES), dataset=dataset)
    test = answers(50, over, seed=9).assign(split="test")  # which decides nothing
    return material, Finished(pd.concat([test, found], ignore_index=True), 900)


def test_who_is_too_sure_gets_a_temperature_by_the_validation_part():
    found = _decision(*ended(3.0))
    assert found.temperature == pytest.approx(3.0, rel=0.25)
    assert (found.examples, found.calibrated_on, found.thresholds) == (300, "validation", ())


def test_who_is_honest_or_has_few_examples_of_their_own_is_left_alone():
    assert _decision(*ended(1.0)) == PLAIN
    assert _decision(*ended(1.6)) != PLAIN
    assert _decision(*ended(1.6, copies=150)) == PLAIN  # two groups


def test_without_a_validation_part_nothing_is_decided():
    material, finished = ended(3.0)
    none = SimpleNamespace(part=lambda part: pd.DataFrame({"twins": np.zeros(0, int), "group": []}))
    material.dataset = none
    left = finished.answers[finished.answers["split"] == "test"]
    assert _decision(material, Finished(left, 900)) == PLAIN
