"""Looking through a dataset and changing it, on the Data page."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image

from core.data.dataset import load_dataset
from core.importing.importing import import_path
from core.workspace import write_json
from tests.conftest import image
from tests.pages.conftest import press, texts
from ui.datasets.browser.ticks import Ticks


def field(app, kind, label):
    (found,) = [element for element in getattr(app, kind) if element.label == label]
    return found


def drawn(app, part):
    """What one of Graft's own components was given to draw: "cells" or "rows"."""
    for one in app.get("bidi_component"):
        data = json.loads(one.proto.json)
        if part in data:
            return data[part]
    return None


def tick(app, dataset, *names):
    app.session_state["ticks"] = Ticks(dataset.id, dataset.version, set(names))
    return app.run()


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """However busy the machine, no image is left for the browser to ask for."""
    monkeypatch.setattr("ui.examples.images.SECONDS", 60)


@pytest.fixture
def two(workspace, make_zip):
    """Sixty red images, eight blue ones, chosen."""
    made = import_path(workspace, make_zip({"red": 60, "blue": 8}), name="Colours")
    write_json(workspace.root / "choices.json", {"dataset": made.id, "dataset_version": 1})
    return made


def test_it_begins_with_a_few_of_each_class(open_page, two):
    rows = drawn(open_page("data"), "rows")
    assert [(row["label"], row["count"], len(row["cells"])) for row in rows] == [
        ("blue", "8 images", 8),
        ("red", "60 images", 12),
    ]
    assert all(one["src"].startswith("data:image/jpeg;base64,") for row in rows for one in row["cells"])


def test_a_class_has_pages(open_page, two):
    app = field(open_page("data"), "selectbox", "Class").set_value("red").run()
    assert "1–48 of 60 images" in texts(app) and len(drawn(app, "cells")) == 48
    app.pagination[0].set_value(2).run()
    assert "49–60 of 60 images" in texts(app) and len(drawn(app, "cells")) == 12
    field(app, "selectbox", "Class").set_value("blue").run()
    assert "1–8 of 8 images" in texts(app) and not app.pagination


def test_filters_stay_while_something_else_is_looked_at(open_page, two):
    app = field(open_page("data"), "selectbox", "Class").set_value("red").run()
    app.pagination[0].set_value(2).run()
    look = next(element for element in app.segmented_control if element.value == "Examples")
    look.set_value("Balance and split").run()
    assert drawn(app, "cells") is None
    next(element for element in app.segmented_control if element.value == "Balance and split").set_value("Examples")
    assert "49–60 of 60 images" in texts(app.run())


def test_a_search_looks_into_all_classes(open_page, two):
    app = field(open_page("data"), "text_input", "Search").set_value("BLUE/3").run()
    assert [shown["foot"] for shown in drawn(app, "cells")] == ["3.jpg"]
    assert field(app, "selectbox", "Class").value == "\0every"
    field(app, "text_input", "Search").set_value("[").run()
    assert "No image matches" in texts(app)
    press(app, "Clear the filters")
    assert drawn(app, "rows")


def test_split_and_finding_narrow(open_page, workspace, make_zip):
    files = {f"a/{number}.jpg": image("red", number) for number in range(9)}
    made = import_path(workspace, make_zip({"b": 9}, files=files | {"a/9.jpg": image("grey", size=(400, 20))}))
    write_json(workspace.root / "choices.json", {"dataset": made.id, "dataset_version": 1})
    finding = field(open_page("data"), "selectbox", "Finding")
    app = finding.set_value("odd size")
    assert [shown["foot"] for shown in drawn(app.run(), "cells")] == ["9.jpg"]
    app = field(open_page("data"), "selectbox", "Split").set_value("validation").run()
    assert len(drawn(app, "cells")) == len(made.part("validation"))


def test_relabelling_makes_a_version_and_undo_takes_the_old_one(open_page, two, workspace):
    app = tick(open_page("data"), two, "blue/1.jpg", "blue/2.jpg")
    field(app, "selectbox", "Class").set_value("blue").run()
    assert "**2 ticked**" in texts(app)
    field(app, "selectbox", "Their class").set_value("red").run()
    app = press(app, "Relabel 2 images")
    made = load_dataset(workspace, two.id)
    assert (made.version, made.report.classes) == (2, {"blue": 6, "red": 62})
    assert "2 images relabelled as red" in texts(app) and "This is version 2" in texts(app)
    assert "1–6 of 6 images" in texts(app) and "ticked" not in texts(app)
    app = press(app, "Undo")
    assert json.loads((workspace.root / "choices.json").read_text())["dataset_version"] == 1
    assert "1–8 of 8 images" in texts(app) and "This is version" not in texts(app)


def test_undo_comes_back_to_where_one_was(open_page, workspace, make_zip):
    made = import_path(workspace, make_zip({"red": 60, "blue": 8, "green": 8}))
    write_json(workspace.root / "choices.json", {"dataset": made.id, "dataset_version": 1})
    app = field(open_page("data"), "selectbox", "Class").set_value("red").run()
    app.pagination[0].set_value(2).run()
    tick(app, made, *(f"red/{number}.jpg" for number in range(60)))
    app = field(app, "selectbox", "Their class").set_value("blue").run()
    app = press(app, "Relabel 60 images")
    assert field(app, "selectbox", "Class").value == "\0few"  # there is no such class any more
    app = press(app, "Undo")
    assert field(app, "selectbox", "Class").value == "red" and "49–60 of 60 images" in texts(app)


def test_copies_are_relabelled_too_unless_they_are_not_to_be(open_page, workspace, make_zip):
    coarse = Image.open(io.BytesIO(image("grey", 3, size=(8, 6)))).resize((80, 60), Image.Resampling.BICUBIC)
    copies = {"a/x.png": io.BytesIO(), "a/y.jpg": io.BytesIO()}
    coarse.save(copies["a/x.png"], "PNG")
    coarse.save(copies["a/y.jpg"], "JPEG")
    files = {name: file.getvalue() for name, file in copies.items()}
    made = import_path(workspace, make_zip({"a": 12, "b": 12}, files))
    write_json(workspace.root / "choices.json", {"dataset": made.id, "dataset_version": 1})
    app = tick(open_page("data"), made, "a/x.png")
    app = field(app, "selectbox", "Class").set_value("a").run()
    app = field(app, "selectbox", "Their class").set_value("b").run()
    assert field(app, "checkbox", "Also 1 image that looks the same").value
    press(app, "Relabel 2 images")
    assert load_dataset(workspace, made.id).report.classes == {"a": 12, "b": 14}


def test_all_that_match_are_moved_or_left_out(open_page, two, workspace):
    app = tick(open_page("data"), two, "red/1.jpg")
    field(app, "selectbox", "Class").set_value("red").run()
    press(app, "Tick all 60 that match")
    assert "**60 ticked**" in texts(app)
    app.menu_button[0].set_value("test").run()
    assert len(load_dataset(workspace, two.id).part("test")) == 60
    app = tick(app, load_dataset(workspace, two.id), "red/1.jpg")
    press(app, "Leave out")
    assert len(load_dataset(workspace, two.id).frame) == 67


def test_a_change_that_would_spoil_the_dataset_is_told(open_page, two, workspace):
    app = tick(open_page("data"), two, *(f"blue/{number}.jpg" for number in range(8)))
    field(app, "selectbox", "Class").set_value("blue").run()
    press(app, "Leave out")
    assert "fewer than two classes" in app.error[0].value
    assert load_dataset(workspace, two.id).version == 1
    press(app, "Untick all")
    assert "ticked" not in texts(app)


def test_numbers_are_sorted_and_set(open_page, workspace, make_zip):
    table = "path,price\n" + "".join(f"{number}.jpg,{number}.5\n" for number in range(9))
    files = {f"{number}.jpg": image("red", number) for number in range(9)} | {"prices.csv": table.encode()}
    made = import_path(workspace, make_zip(files=files))
    write_json(workspace.root / "choices.json", {"dataset": made.id, "dataset_version": 1})
    app = tick(open_page("data"), made, "8.jpg")
    assert [shown["word"] for shown in drawn(app, "cells")][:2] == ["0.5", "1.5"]
    field(app, "number_input", "price").set_value(0.25).run()
    app = press(app, "Set it for 1 image")
    assert [shown["word"] for shown in drawn(app, "cells")][:2] == ["0.25", "0.5"]


def test_a_missing_file_leaves_a_gap_and_no_error(open_page, two):
    for path in (two.directory / "images").rglob("*.jpg"):
        path.unlink()
    app = field(open_page("data"), "selectbox", "Class").set_value("blue").run()
    assert all(shown["broken"] for shown in drawn(app, "cells")) and not app.exception and not app.error


def test_a_image_is_shown_large_with_what_is_known_of_it(open_page, two):
    app = open_page("data")
    app.session_state["enlarged"] = "blue/3.jpg"
    app.run()
    said = texts(app)
    assert "blue\\/3\\.jpg" in said and "48 × 40 pixels" in said and not app.exception
