"""Looking through a dataset by hand: rows of classes, ticks by mouse and keyboard, a change and its undoing."""

from __future__ import annotations

import pytest

from core.data.dataset import load_dataset
from core.importing.importing import import_path
from core.importing.tables.reading import Reading
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


def test_texts_are_ticked_searched_and_opened_as_they_are(visit, workspace, tmp_path):
    lines = [f"{EVIL} film {number},{['bad', 'good'][number % 2]}" for number in range(60)]
    (tmp_path / "reviews.csv").write_text("\n".join(["text,label", *lines]))
    reading = Reading(modality="text", text="text", column="label")
    made = import_path(workspace, tmp_path / "reviews.csv", reading=reading)
    write_json(workspace.root / "choices.json", {"dataset": made.id, "dataset_version": 1})
    page = visit.page(size=(390, 844), path="data")
    page.on("dialog", lambda dialog: (visit.troubles.append("a text was run as code"), dialog.dismiss()))
    settled(page, "Data")
    page.get_by_role("button", name="Browse good, 30 texts").click()
    page.get_by_text("1–30 of 30 texts").wait_for()
    listed = page.get_by_role("list", name="Texts")
    listed.get_by_text(f"{EVIL} film 1", exact=True).wait_for()  # its words may come before its rows
    boxes = listed.get_by_role("checkbox")
    boxes.nth(1).click()
    boxes.nth(3).click(modifiers=["Shift"])
    page.get_by_text("3 ticked").wait_for()
    boxes.first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_text(f"{EVIL} film 1", exact=True).wait_for()
    page.keyboard.press("Escape")
    width = page.get_by_test_id("stMain").evaluate("main => [main.scrollWidth, main.clientWidth]")
    assert width[0] <= width[1]
    page.get_by_label("Search").fill("FILM 59")
    page.get_by_text("1–1 of 1 text").wait_for()
