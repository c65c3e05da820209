"""The app as a person opens it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import runs
from core.data.dataset import Dataset
from core.importing.importing import import_path
from core.runs import Run
from core.training.recipe import Recipe
from core.workspace import Workspace, write_json
from tests.pages.made_runs import finished, made_run

APP = Path(__file__).resolve().parents[2] / "app.py"


@pytest.fixture
def open_page(home: Path) -> Callable[[str], AppTest]:
    """`open_page("fine_tune")`: the page inside the app, run once, without any exception."""

    def open_it(name: str) -> AppTest:
        app = AppTest.from_file(str(APP), default_timeout=60)
        if name != "home":  # which is what the app opens with
            app.switch_page(f"pages/{name}.py")
        app.run()
        assert not app.exception
        return app

    return open_it


@pytest.fixture
def dataset(workspace: Workspace, make_zip: Callable[..., Path]) -> Dataset:
    """A small dataset with a hostile name, chosen."""
    made = import_path(workspace, make_zip({"red": 8, "blue": 8}), name="**My** <b>photos</b>")
    write_json(workspace.root / "choices.json", {"dataset": made.id, "dataset_version": made.version})
    return made


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Recipe]:
    """Start without a worker: the recipes that were asked for."""
    recipes: list[Recipe] = []

    def start(workspace: Workspace, recipe: Recipe, name: str | None = None, devices: int = 1) -> Run:
        recipes.append(recipe)
        return made_run(
            workspace, recipe.dataset, finished(), name=f"20260202-12000{len(recipes)}-started", recipe=recipe
        )

    monkeypatch.setattr(runs, "start", start)
    return recipes


def texts(app: AppTest) -> str:
    """Everything the page says in words, as Markdown."""
    kinds = (app.title, app.subheader, app.markdown, app.caption, app.info, app.warning, app.error)
    return "\n".join(element.value for kind in kinds for element in kind)


def press(app: AppTest, label: str) -> AppTest:
    """Click the one button with this label."""
    (button,) = [button for button in app.button if button.label == label]
    return button.click().run()


def chosen_dataset(app):
    """The select box of the Data page."""
    (box,) = [each for each in app.selectbox if each.label == "Dataset"]
    return box
