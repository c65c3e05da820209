"""Fine-tune: what can be tried before Start, and what it told."""

import json
from dataclasses import asdict

import pandas as pd
import pytest

from core import jobs
from core.tasks.scores import Scores
from core.training.process.events import EpochEnded, EventLog
from core.training.recipe import Recipe
from core.training.trials.crossval_results import CrossValidation, Fold
from core.training.trials.probe_results import Estimate, RateCurve
from core.workspace import write_json
from tests.pages.conftest import press, texts
from tests.pages.made_runs import finished, made_run
from ui.training.crossval_panel import _answers, fold_chart


@pytest.fixture
def recipe(dataset):
    """What the page asks for before anything is changed."""
    return Recipe(dataset=dataset.id, dataset_version=1, task="classes", backbone="efficientnet_lite0")


@pytest.fixture
def begun(monkeypatch):
    """The jobs that were asked for: kind and recipe."""
    asked = []

    def start(workspace, kind, title, **arguments):
        asked.append((kind, *arguments.values()))

    monkeypatch.setattr(jobs, "start", start)
    return asked


def test_time_and_memory_are_measured_in_a_job_and_said(open_page, recipe, begun, workspace, monkeypatch):
    press(open_page("fine_tune"), "Estimate time and memory")
    assert begun == [("estimate", recipe.model_dump_json())]
    Estimate(100.0, 40.0, 3.0, 2 * 10**9, "CPU, 2 cores").keep(workspace, recipe)
    said = texts(open_page("fine_tune"))
    assert "About **1 min 40 s**" in said and "40 s before the first epoch, then 3.0 s an epoch" in said
    assert "**2 GB** of memory" in said and "for one device" not in said
    monkeypatch.setenv("GRAFT_DEVICES", "2")
    chosen = json.loads((workspace.root / "choices.json").read_text())
    write_json(workspace.root / "choices.json", {**chosen, "devices": 2})
    assert "This is for one device" in texts(open_page("fine_tune"))


def test_a_run_says_how_far_off_the_estimate_was(open_page, dataset, workspace):
    run = made_run(workspace, dataset.id, finished())
    write_json(run.directory / "estimate.json", asdict(Estimate(10.0, 4.0, 2.0, 2 * 10**8, "CPU")))
    write_json(workspace.root / "choices.json", {"dataset": dataset.id, "dataset_version": 1, "run": run.id})
    said = texts(open_page("fine_tune"))
    assert "Estimated before the start: 10 s" in said
    assert "It took 12 s (20% more) and 100 MB (50% less)" in said


def test_a_learning_rate_is_looked_for_in_a_job_of_its_own(open_page, recipe, begun):
    app = open_page("fine_tune")
    assert next(each for each in app.button if each.label == "Find a learning rate").disabled  # the head is solved for
    app.selectbox(key="set_optimizer").set_value("adamw").run()
    press(app, "Find a learning rate")
    assert begun == [("learning rate", recipe.model_copy(update={"optimizer": "adamw"}).model_dump_json())]


def test_the_suggested_rate_is_one_click_away(open_page, recipe, workspace):
    RateCurve([1e-4, 1e-3, 1e-2, 1e-1], [1.0, 0.9, 0.5, 3.0], 0.004, 0.001).keep(workspace, recipe)
    app = open_page("fine_tune")
    assert "Suggested: 0.004" in texts(app)
    press(app, "Use 0.004")
    assert app.number_input(key="set_learning_rate").value == 0.004
    assert "Suggested: 0.004" in texts(app) and not any(button.label == "Use 0.004" for button in app.button)


def test_a_curve_without_a_knee_says_so_and_offers_no_rate(open_page, recipe, workspace):
    RateCurve([1e-4, 1e-2, 10.0], [1.0, 0.1, 0.1], 0.0025, 0.001, knee=False).keep(workspace, recipe)
    app = open_page("fine_tune")
    assert "This curve has no knee" in texts(app)
    assert not [button for button in app.button if button.label.startswith("Use 0.0025")]


def test_where_nothing_learned_nothing_is_suggested(open_page, recipe, workspace):
    RateCurve([1e-4, 1e-3], [1.0, 1.0], None, None).keep(workspace, recipe)
    app = open_page("fine_tune")
    assert "nothing to suggest" in texts(app)
    assert not any(button.label.startswith("Use ") for button in app.button)


@pytest.fixture
def crossed(workspace, recipe):
    """A cross-validation of two folds, of which so many are done."""

    def make(done):
        found = CrossValidation.of(workspace, recipe, 2)
        found.begin(recipe)
        for number in range(1, done + 1):
            found.place(number).mkdir()
            log = EventLog(found.place(number) / "events.jsonl")
            for epoch in (1, 2):
                scores = Scores(0.5, {"accuracy": 0.8 + number / 20})
                log.write(EpochEnded(epoch, scores, scores, 0.01, 1.0, True))
            log.close()
            answers = pd.DataFrame({"image": ["a.jpg"], "name": ["=1+1"], "label": ["red"], "said": ["blue"]})
            found.keep(
                number, Fold(2, Scores(0.1, {"accuracy": 0.99}), Scores(0.5, {"accuracy": 0.8 + number / 20})), answers
            )
        return found

    return make


def test_a_cross_validation_is_asked_for_with_its_folds(open_page, recipe, begun):
    app = open_page("fine_tune")
    app.number_input(key="folds").set_value(3).run()
    press(app, "Start cross-validation")
    assert begun == [("crossval", recipe.model_dump_json(), 3)]


def test_its_mean_and_spread_are_said(open_page, crossed):
    crossed(2)
    app = open_page("fine_tune")
    assert {metric.label: metric.value for metric in app.metric}["Accuracy"] == "87.5% ± 3.5%"
    (table,) = [frame.value for frame in app.dataframe if "Fold" in frame.value]
    assert table["Accuracy"].tolist() == ["85.0%", "90.0%"]


def test_one_that_was_stopped_goes_on_or_is_discarded(open_page, crossed, begun, recipe):
    found = crossed(1)
    app = open_page("fine_tune")
    assert "1 of 2 folds done" in texts(app)
    press(app, "Go on")
    assert begun == [("crossval", recipe.model_dump_json(), 2)]
    app.button(key="discard_folds").click().run()
    press(app, "Discard it")
    assert not found.directory.exists() and "folds done" not in texts(app)


def test_answers_are_no_formulas(crossed):
    assert "'=1+1" in _answers(crossed(2))


def test_each_fold_has_a_line_and_all_a_mean(crossed):
    one, other, mean = fold_chart(crossed(2)).data
    assert list(one.y) == pytest.approx([0.85, 0.85]) and list(other.y) == pytest.approx([0.9, 0.9])
    assert list(mean.y) == pytest.approx([0.875, 0.875]) and list(mean.x) == [1, 2]
