"""Fine-tune: what can be tried before Start, and what it told."""

from dataclasses import asdict

import pytest

from core import jobs
from core.training.probe_results import Estimate, RateCurve
from core.training.recipe import Recipe
from core.workspace import write_json
from tests.pages.conftest import press, texts
from tests.pages.made_runs import finished, made_run


@pytest.fixture
def recipe(dataset):
    """What the page asks for before anything is changed."""
    return Recipe(dataset=dataset.id, dataset_version=1, backbone="efficientnet_lite0")


@pytest.fixture
def begun(monkeypatch):
    """The jobs that were asked for: kind and recipe."""
    asked = []
    monkeypatch.setattr(jobs, "start", lambda _, kind, title, recipe: asked.append((kind, recipe)))
    return asked


def test_time_and_memory_are_measured_in_a_job_and_said(open_page, recipe, begun, workspace):
    press(open_page("fine_tune"), "Estimate time and memory")
    assert begun == [("estimate", recipe.model_dump_json())]
    Estimate(100.0, 40.0, 3.0, 2 * 10**9, "CPU, 2 cores").keep(workspace, recipe)
    said = texts(open_page("fine_tune"))
    assert "About **1 min 40 s**" in said and "40 s before the first epoch, then 3.0 s an epoch" in said
    assert "**2 GB** of memory" in said


def test_a_run_says_how_far_off_the_estimate_was(open_page, dataset, workspace):
    run = made_run(workspace, dataset.id, finished())
    write_json(run.directory / "estimate.json", asdict(Estimate(10.0, 4.0, 2.0, 2 * 10**8, "CPU")))
    write_json(workspace.root / "choices.json", {"dataset": dataset.id, "dataset_version": 1, "run": run.id})
    said = texts(open_page("fine_tune"))
    assert "Estimated before the start: 10 s" in said
    assert "It took 12 s (20% more) and 100 MB (50% less)" in said


def test_a_learning_rate_is_looked_for_in_a_job_of_its_own(open_page, recipe, begun):
    press(open_page("fine_tune"), "Find a learning rate")
    assert begun == [("learning rate", recipe.model_dump_json())]


def test_the_suggested_rate_is_one_click_away(open_page, recipe, workspace):
    RateCurve([1e-4, 1e-3, 1e-2, 1e-1], [1.0, 0.9, 0.5, 3.0], 0.004, 0.001).keep(workspace, recipe)
    app = open_page("fine_tune")
    assert "Suggested: 0.004" in texts(app)
    press(app, "Use 0.004")
    assert app.number_input(key="set_learning_rate").value == 0.004
    assert "Suggested: 0.004" in texts(app) and not any(button.label == "Use 0.004" for button in app.button)


def test_where_nothing_learned_nothing_is_suggested(open_page, recipe, workspace):
    RateCurve([1e-4, 1e-3], [1.0, 1.0], None, None).keep(workspace, recipe)
    app = open_page("fine_tune")
    assert "nothing to suggest" in texts(app)
    assert not any(button.label.startswith("Use ") for button in app.button)
