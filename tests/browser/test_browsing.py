"""Looking through a dataset by hand: rows of classes, ticks by mouse and keyboard, a change and its undoing."""

from __future__ import annotations

import pytest

from core.data.dataset import load_dataset
from core.importing.importing import import_path
from core.workspace import write_json
from tests.browser.actions import calm, settled
from tests.polling import poll

EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture
def dataset(workspace, make_zip):
    made = import_path(workspace, make_zip({"red": 60, EVIL: 12}), name="Colours")
    write_json(workspace.root / "choices.json", {"dataset": made.id, "dataset_version": 1})
    return made


def test_tick_relabel_undo(visit, image_of, dataset, workspace):
    page = visit.page(path="data")
    page.on("dialog", lambda dialog: (visit.troubles.append("a label was run as code"), dialog.dismiss()))
    settled(page, "Data")
    page.get_by_role("button", name=f"Browse {EVIL}, 12 images").wait_for()
    image_of(page, "data-classes", height=1100)
    page.get_by_role("button", name="Browse red").click()
    page.get_by_text("1–48 of 60 images").wait_for()
    boxes = page.get_by_role("list", name="Images").get_by_role("checkbox")
    boxes.nth(1).click()
    boxes.nth(4).click(modifiers=["Shift"])
    page.get_by_text("4 ticked").wait_for()

    page.get_by_role("button", name="Page 2").click()
    page.get_by_text("49–60 of 60 images").wait_for()
    poll(lambda: boxes.count() == 12)  # its words may come before its images
    boxes.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.get_by_text("5 ticked").wait_for()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_text("48 × 40 pixels").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    page.get_by_role("button", name="Page 1").click()
    page.get_by_text("1–48 of 60 images").wait_for()
    calm(page)
    assert [place for place in range(8) if boxes.nth(place).is_checked()] == [1, 2, 3, 4]
    image_of(page, "data-ticked", height=1100)

    page.get_by_role("button", name="Relabel", exact=True).click()
    field = page.get_by_role("combobox", name="Their class")
    field.fill("crimson")
    field.press("Enter")
    page.get_by_role("button", name="Relabel 5 images").click()
    page.get_by_text("5 images relabelled as").first.wait_for()
    made = load_dataset(workspace, dataset.id)
    assert made.version == 2 and made.report.classes == {EVIL: 12, "crimson": 5, "red": 55}
    page.get_by_text("1–48 of 55 images").wait_for()

    page.get_by_role("button", name="Undo").click()
    page.get_by_text("1–48 of 60 images").wait_for()
    assert load_dataset(workspace, dataset.id).version == 2  # what was undone can be taken again

    calm(page)
    page.get_by_label("Search").fill("nothing is called so")
    page.get_by_role("button", name="Clear the filters").click()
    page.get_by_role("button", name="Browse red").wait_for()
    assert page.get_by_label("Search").input_value() == ""
