"""Fine-tune: what can be tried before Start, and what it told."""

import pytest

from core import jobs
from core.training.probe_results import RateCurve
from core.training.recipe import Recipe
from tests.pages.conftest import press, texts


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
