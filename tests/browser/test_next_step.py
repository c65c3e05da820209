"""The next step is a primary button above the fold, on every page and width, and few Tab presses away."""

from __future__ import annotations

from typing import Any

import pytest

from core.importing.importing import import_path
from core.workspace import write_json
from tests.browser.actions import settled
from tests.browser.conftest import NARROW
from tests.pages.made_runs import finished, made_run

LAPTOP = (1280, 800)
MOST_TABS = 17  # of which the navigation takes ten
HOME = "Teach a network your own classes"
AT_FIRST = [
    ("", HOME, "Try it with images"),
    ("backbone", "Backbone", "Next: add data"),
    ("data", "Data", "Choose files"),
    ("fine_tune", "Fine-tune", "Add or choose a dataset"),
    ("evaluate", "Evaluate", "Fine-tune a model"),
    ("predict", "Predict", "Fine-tune a model"),
]
WITH_DATA = [
    ("", HOME, "Set up a run"),
    ("backbone", "Backbone", "Fine-tune with it"),
    ("data", "Data", "Fine-tune on this dataset"),
    ("fine_tune", "Fine-tune", "Start"),
]
WITH_A_RUN = [
    ("", HOME, "Ask the model"),
    ("fine_tune", "Fine-tune", "Predict with this run"),
    ("evaluate", "Evaluate", "Predict with this run"),
    ("predict", "Predict", "Choose files"),
]
FOCUSED = """() => {
  let here = document.activeElement;
  while (here && here.shadowRoot && here.shadowRoot.activeElement) here = here.shadowRoot.activeElement;
  return here ? here.innerText || "" : "";
}"""


@pytest.fixture
def dataset(workspace, make_zip):
    made = import_path(workspace, make_zip({"red": 60, "blue": 60}), name="Colours")
    write_json(workspace.root / "choices.json", {"dataset": made.id, "dataset_version": 1})
    return made


@pytest.fixture
def run(workspace, dataset):
    """One that is over, chosen, with something to predict with."""
    run = made_run(workspace, dataset.id, finished())
    (run.directory / "bundle").mkdir()
    (run.directory / "bundle" / "bundle.json").write_text("{}")
    write_json(workspace.root / "choices.json", {"dataset": dataset.id, "dataset_version": 1, "run": run.id})
    return run


def tabs_to(page: Any, label: str) -> int:
    """How many Tab presses from the top of the page until the button has the focus."""
    for presses in range(1, 60):
        page.keyboard.press("Tab")
        if label in page.evaluate(FOCUSED):
            return presses
    return 60


def check(visit: Any, steps: list[tuple[str, str, str]], size: tuple[int, int]) -> None:
    found = {}
    for path, heading, label in steps:
        page = visit.page(size, path=path)
        settled(page, heading)
        button = page.get_by_role("button", name=label).first
        button.wait_for()
        box = button.bounding_box()
        found[heading] = (label, round(box["y"] + box["height"]), tabs_to(page, label))
        page.context.close()
    print(size, found)
    for heading, (label, bottom, tabs) in found.items():
        assert bottom <= size[1], f"{label} on {heading} ends at y = {bottom}, below the fold"
        assert tabs <= MOST_TABS, f"{label} on {heading} is {tabs} Tab presses away"


@pytest.mark.parametrize("size", [LAPTOP, NARROW])
def test_at_first(visit, size):
    check(visit, AT_FIRST, size)


@pytest.mark.parametrize("size", [LAPTOP, NARROW])
def test_with_data(visit, dataset, size):
    check(visit, WITH_DATA, size)


@pytest.mark.parametrize("size", [LAPTOP, NARROW])
def test_with_a_run(visit, run, size):
    check(visit, WITH_A_RUN, size)


def test_it_stays_while_the_page_scrolls(visit, dataset):
    page = visit.page(LAPTOP, path="data")
    settled(page, "Data")
    button = page.get_by_role("button", name="Fine-tune on this dataset").first
    page.mouse.move(640, 600)
    page.mouse.wheel(0, 5000)
    page.get_by_role("button", name="Fine-tune on this dataset").first.wait_for()
    assert 0 <= button.bounding_box()["y"] < LAPTOP[1] / 4
