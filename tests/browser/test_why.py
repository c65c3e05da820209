"""Why on Predict, as a person opens it."""

from __future__ import annotations

import pytest

from core.importing.importing import import_path
from core.inference.predictor import Predictor
from core.runtime.device import choose_device
from core.training.process.control import Control
from core.training.process.events import EventLog
from core.training.process.reporter import Reporter
from core.training.recipe import Recipe
from core.training.trainer import Trainer
from core.workspace import write_json
from tests.browser.actions import settled
from tests.browser.conftest import NARROW
from tests.conftest import image
from tests.polling import poll

LOOK = """() => {
  const look = root => {
    for (const one of root.querySelectorAll("*")) {
      if (one.matches(".images img + img")) return one;
      const found = one.shadowRoot && look(one.shadowRoot);
      if (found) return found;
    }
  };
  const map = look(document);
  return map && [map.src, getComputedStyle(map).opacity];
}"""


@pytest.fixture
def run(workspace, make_zip):
    """A run that learned colours by the bundled backbone in a moment, chosen."""
    dataset = import_path(workspace, make_zip({"red": 8, "blue": 8}), name="Colours")
    recipe = Recipe(dataset=dataset.id, dataset_version=1, backbone="efficientnet_lite0", epochs=1)
    directory = workspace.runs / "20260101-120000-colours"
    directory.mkdir()
    write_json(directory / "recipe.json", recipe.model_dump())
    log, device = EventLog(directory / "events.jsonl"), choose_device("cpu")
    Trainer(workspace, directory, recipe, device, Reporter(log, Control(directory), device)).run()
    log.close()
    assert Predictor.open(directory / "bundle")
    write_json(workspace.root / "choices.json", {"dataset": dataset.id, "dataset_version": 1, "run": directory.name})
    return directory


def test_why_is_opened_the_map_slides_and_another_class_is_asked_for(run, visit, tmp_path, image_of):
    page = visit.page(path="predict")
    settled(page, "Predict")
    (tmp_path / "red.jpg").write_bytes(image("red", 99, (300, 200)))
    page.locator("input[type=file]").first.set_input_files(tmp_path / "red.jpg")
    page.get_by_text("Why", exact=True).click()
    slider = page.get_by_role("slider", name="Opacity of the map")
    slider.wait_for()
    first, opacity = page.evaluate(LOOK)
    assert float(opacity) == 0.75
    slider.press("Home")
    poll(lambda: float(page.evaluate(LOOK)[1]) == 0)
    slider.press("End")
    classes = page.get_by_role("combobox", name="Why this class")
    classes.scroll_into_view_if_needed()  # a list closes again when the page is scrolled or redrawn
    settled(page, "Predict")
    classes.click()
    page.get_by_role("option", name="blue").click()
    poll(lambda: page.evaluate(LOOK)[0] != first)
    assert float(page.evaluate(LOOK)[1]) == 1  # where the person left it
    page.get_by_text("It has seen these").wait_for()
    page.get_by_text("What each stage sees").click()
    page.get_by_text("1. stem").wait_for()
    settled(page, "Predict")
    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    settled(page, "Predict")
    assert page.evaluate("document.scrollingElement.scrollWidth - window.innerWidth") <= 0
    image_of(page, "why", height=2400)
