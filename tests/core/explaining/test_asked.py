"""A question is judged by log-odds, as sure as the model was found to be."""

from __future__ import annotations

import pytest
import torch

from core.explaining.asked import Asked
from core.tasks.decision import Decision
from tests.core.explaining.planted import CLASSES, network, planted, png

EXAMPLE = png(planted(1, 64))


@pytest.fixture(scope="module")
def model():
    return network("timm/test_efficientnet.r160_in1k", 64)


def test_towards_is_the_log_odds_of_what_is_asked(model):
    asked = Asked(model, EXAMPLE, "disc")
    chance = torch.tensor(asked.aim.probability)
    with torch.no_grad():
        outputs = asked.outputs(asked.inputs)
    assert float(asked.towards(outputs)) == pytest.approx(float(chance.logit()), abs=1e-3)
    assert float(asked.likely(outputs)) == pytest.approx(float(chance.log()), abs=1e-3)


def test_chances_are_those_of_the_answer(model, monkeypatch):
    monkeypatch.setattr(model, "decision", Decision(temperature=3.0))
    (answer,) = model.predict([("a", EXAMPLE)])
    said = {guess.label: guess.probability for guess in answer.prediction.top}
    assert {aim.name: aim.probability for aim in Asked(model, EXAMPLE).aims} == pytest.approx(said, abs=1e-4)
    assert set(said) == set(CLASSES)


def test_of_very_many_the_likeliest_are_kept_and_the_one_that_is_asked(model, monkeypatch):
    monkeypatch.setattr("core.explaining.asked.KEPT", 1)
    every = Asked(model, EXAMPLE)
    last = Asked(model, EXAMPLE, every.aims[-1].name)
    assert every.likeliest == every.aims[:1] and last.likeliest == (every.aims[0], every.aims[-1])
