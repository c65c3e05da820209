"""A run's bundle tells images unlike anything that it was trained on."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from core.inference import reference
from core.inference.predictor import Predictor
from core.training import caution
from tests.conftest import image


@pytest.mark.parametrize("freeze", ["all", 0])
def test_a_bundle_knows_its_labeled_images(recipe, train, workspace, freeze):
    train(recipe.model_copy(update={"freeze": freeze}))
    bundle = workspace.runs / "run" / "bundle"
    said = json.loads((bundle / "bundle.json").read_text())["caution"]
    assert said["images"] == 27 and said["false_alarms"] == 0.05 and 0 < said["threshold"] < 1
    found = list(Predictor.open(bundle).predict([(str(n), image("red", n)) for n in range(14)]))
    assert all(each.nearest == pytest.approx(1, abs=0.01) and not each.is_foreign for each in found)


def test_a_plain_square_is_foreign_and_an_older_bundle_says_nothing(recipe, train, workspace):
    train(recipe)
    bundle = workspace.runs / "run" / "bundle"
    plain = ("plain.png", image("striped", 0, (400, 40)))
    (found,) = Predictor.open(bundle).predict([plain])
    assert found.nearest is not None
    (bundle / "reference.safetensors").unlink()
    (found,) = Predictor.open(bundle).predict([plain])
    assert found.nearest is None and not found.is_foreign


def test_of_many_images_as_many_of_each_class_are_kept(monkeypatch):
    monkeypatch.setattr(reference, "MOST", 30)
    labels = ["many"] * 100 + ["few"] * 10 + ["test"] * 5
    splits = ["train"] * 90 + ["validation"] * 20 + ["test"] * 5
    kept = reference.drawn(pd.DataFrame({"label": labels, "split": splits}), "label")
    assert kept["label"].value_counts().to_dict() == {"many": 20, "few": 10}
    assert len(reference.drawn(pd.DataFrame({"label": labels, "split": splits}), "")) == 30


def test_stages_that_learned_are_judged_by_what_they_did_not_learn_from():
    rows = pd.DataFrame({"split": ["train"] * 50 + ["validation"] * 20})
    assert caution._judged(rows, frozen=False).sum() == 20
    assert caution._judged(rows, frozen=True).all()
    assert np.all(caution._judged(rows[:55], frozen=False))
