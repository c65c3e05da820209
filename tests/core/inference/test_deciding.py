"""What was decided is kept in the bundle, and changes the answers."""

from __future__ import annotations

import json

import pytest

from core.errors import RunError
from core.inference.deciding import read_decision, write_decision
from core.inference.predictor import Predictor
from core.tasks.decision import PLAIN, Decision
from tests.conftest import image
from tests.core.inference.test_predictor import LABELS, bundle  # noqa: F401  a fixture


def test_it_is_kept_and_taken_away(tmp_path):
    (tmp_path / "bundle.json").write_text(json.dumps({"format": 2, "mine": "é"}))
    before = (tmp_path / "bundle.json").read_text()
    assert read_decision(tmp_path) == PLAIN
    decision = Decision(temperature=1.8, thresholds=(0.3, 0.7), chosen_on="validation")
    write_decision(tmp_path, decision)
    assert read_decision(tmp_path) == decision
    assert json.loads((tmp_path / "bundle.json").read_text())["mine"] == "é"
    write_decision(tmp_path, PLAIN)
    assert json.loads((tmp_path / "bundle.json").read_text()) == json.loads(before)


@pytest.mark.parametrize("said", ['{"temperature": 0}', '{"thresholds": [2]}', '{"within": "wide"}', "7"])
def test_a_damaged_one_is_a_sentence(tmp_path, said):
    (tmp_path / "bundle.json").write_text(f'{{"decision": {said}}}')
    with pytest.raises(RunError, match="decision"):
        read_decision(tmp_path)


def test_answers_follow_it(bundle):  # noqa: F811
    asked = [("a.jpg", image("red"))]
    (before,) = Predictor.open(bundle).predict(asked)
    last = before.prediction.top[-1].label
    write_decision(bundle, Decision(thresholds=tuple(0.001 if label == last else 1.0 for label in LABELS)))
    (after,) = Predictor.open(bundle).predict(asked, top=1)
    assert after.prediction.label == last
    assert after.prediction.top[0].probability == pytest.approx(before.prediction.top[-1].probability, abs=1e-6)

    write_decision(bundle, Decision(least=1.0))
    (unsure,) = Predictor.open(bundle).predict(asked)
    assert unsure.prediction.row()["label"] == "not sure" and unsure.prediction.plain()["label"] == "not sure"

    write_decision(bundle, Decision(temperature=1000.0))
    (even,) = Predictor.open(bundle).predict(asked)
    assert [guess.label for guess in even.prediction.top] == [guess.label for guess in before.prediction.top]
    assert even.prediction.top[0].probability == pytest.approx(1 / 3, abs=0.01)

    write_decision(bundle, PLAIN)
    (again,) = Predictor.open(bundle).predict(asked)
    assert again.prediction == before.prediction


def test_thresholds_of_other_classes_are_refused_in_words(bundle):  # noqa: F811
    write_decision(bundle, Decision(thresholds=(0.5, 0.5)))
    with pytest.raises(RunError, match="2 thresholds for 3 classes"):
        Predictor.open(bundle)


def test_one_that_makes_no_sense_is_not_written(tmp_path):
    (tmp_path / "bundle.json").write_text("{}")
    with pytest.raises(RunError, match="some are no numbers"):
        write_decision(tmp_path, PLAIN.model_copy(update={"least": float("nan")}))
    assert (tmp_path / "bundle.json").read_text() == "{}"
