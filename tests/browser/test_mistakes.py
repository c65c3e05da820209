"""From a doubt to the gain: a cell is clicked, its examples mended, the run repeated. And a line drawn on the map."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from core.data.changes import relabel_each
from core.data.dataset import load_dataset
from core.data.tags import tags_of
from core.importing.importing import import_path
from core.survey import survey
from core.training.recipe import Recipe
from core.workspace import write_json
from tests.answered import keep_answers
from tests.browser.actions import calm, settled
from tests.pages.made_runs import finished, made_run

EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture
def dataset(workspace, make_zip):
    """A class of a hostile name, three of whose images in the validation part are called red."""
    made = import_path(workspace, make_zip({"red": 24, EVIL: 24}), name="Colours")
    rows = made.part("validation")
    some = rows.loc[rows["label"] == EVIL, "name"].iloc[:3]
    return relabel_each(workspace, made, dict.fromkeys(some, "red"))


@pytest.fixture
def run(workspace, dataset):
    """It saw through the slips: by the labels as they are, three of its answers are wrong."""
    recipe = Recipe(
        dataset=dataset.id, dataset_version=dataset.version, backbone="efficientnet_lite0", epochs=2, refit=False
    )
    made = made_run(workspace, dataset.id, finished(2), epochs=2, recipe=recipe)
    is_red = torch.tensor([name.startswith("red") for name in dataset.part("validation")["name"]])
    right = torch.nn.functional.one_hot(is_red.long() if dataset.classes[1] == "red" else 1 - is_red.long(), 2)
    keep_answers(made, dataset, {"validation": 6 * right.float()})
    write_json(workspace.root / "choices.json", {"run": made.id})
    return made


def test_from_a_doubt_to_the_gain(visit, image_of, dataset, run, workspace):
    page = visit.page(path="evaluate")
    page.on("dialog", lambda dialog: (visit.troubles.append("a label was run as code"), dialog.dismiss()))
    settled(page, "Evaluate")
    page.get_by_role("tab", name="Mistakes").click()
    matrix = page.get_by_role("application", name="Confusion matrix")
    matrix.wait_for()
    calm(page)
    box = matrix.bounding_box()
    row, column = (dataset.classes.index(name) for name in ("red", EVIL))
    matrix.click(position={"x": box["width"] * (column + 0.5) / 2, "y": box["height"] * (row + 0.5) / 2})
    page.get_by_text(f"red taken for {EVIL}: 3 images, the surest first").wait_for()
    images = page.get_by_role("list", name="Images").get_by_role("checkbox")
    images.nth(2).wait_for()
    image_of(page, "evaluate-mistakes", height=1500)

    images.first.focus()
    page.keyboard.press("Enter")
    large = page.get_by_role("dialog")
    large.get_by_text(f"It said {EVIL}").wait_for()
    large.get_by_role("button", name="Why does it say so?").wait_for()
    page.keyboard.press("Escape")
    large.wait_for(state="hidden")

    images.first.click()
    images.nth(2).click(modifiers=["Shift"])
    page.get_by_text("3 ticked").wait_for()
    page.get_by_role("button", name="Relabel", exact=True).click()
    field = page.get_by_role("combobox", name="Their class")
    field.fill(EVIL)
    field.press("Enter")
    page.get_by_role("button", name="Relabel 3 images").click()
    page.get_by_text("Changed since this run: 3 images relabeled").wait_for()
    page.get_by_text("The validation part stays the same").wait_for()

    page.get_by_role("button", name="Train again with these changes").click()
    page.get_by_role("button", name="Evaluate it").click()
    page.get_by_text("Trained again with the changes").wait_for()
    page.get_by_text("3 of them were relabeled between the runs").wait_for()
    made = load_dataset(workspace, dataset.id)
    assert made.version == dataset.version + 1
    assert set(made.part("validation")["sha256"]) == set(dataset.part("validation")["sha256"])


def test_a_line_is_drawn_on_the_map(visit, image_of, workspace, make_zip):
    dataset = import_path(workspace, make_zip({"red": 20, EVIL: 20}), name="Colours")
    write_json(workspace.root / "choices.json", {"dataset": dataset.id, "dataset_version": 1})
    apart = np.where(dataset.frame["label"] == "red", 1.0, -1.0)[:, None] * np.ones(8)
    features = apart + np.random.default_rng(0).normal(0, 0.3, apart.shape)
    seen = survey(workspace, dataset, "efficientnet_lite0", lambda: features.astype(np.float32))
    red = (dataset.frame["label"] == "red").to_numpy()
    x, y = seen.frame.loc[red, ["x", "y"]].mean()

    page = visit.page(path="data")
    settled(page, "Data")
    page.get_by_text("Map, label issues, outliers").click()
    plane = page.get_by_role("application", name="Map of 40 images")
    plane.wait_for()
    calm(page)
    plane.scroll_into_view_if_needed()
    page.get_by_role("button", name="Draw around some").click()
    box, pad = plane.bounding_box(), 26
    middle = box["x"] + pad + x * (box["width"] - 2 * pad), box["y"] + pad + y * (box["height"] - 2 * pad)
    for turn in np.linspace(0, 2 * math.pi, 24):
        page.mouse.move(
            middle[0] + 0.4 * box["width"] * math.cos(turn), middle[1] + 0.4 * box["height"] * math.sin(turn)
        )
        if turn == 0:
            page.mouse.down()
    page.mouse.up()
    page.get_by_role("button", name="Tick them all").click()
    page.get_by_text("ticked").first.wait_for()
    image_of(page, "data-lasso", height=1400)
    page.get_by_role("button", name="Tag", exact=True).click()
    field = page.get_by_role("combobox", name="Tag")
    field.fill(EVIL)
    field.press("Enter")
    page.get_by_role("button", name="Tag ").last.click()
    page.get_by_text("tagged").first.wait_for()
    inside = tags_of(dataset)[EVIL]
    assert len(inside & set(dataset.frame.loc[red, "name"])) > 10
