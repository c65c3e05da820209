"""A dataset of texts on the Data page: the same looks and changes as one of images."""

from __future__ import annotations

import pytest

from core import jobs
from core.data.dataset import load_dataset
from core.importing.importing import import_path
from core.importing.tables.reading import Reading
from core.workspace import write_json
from tests.pages.conftest import press, texts
from tests.pages.test_browser_panel import drawn, field, tick
from tests.polling import poll

EVIL = "**bold** <script>alert(1)</script> :smile: $x$"


@pytest.fixture
def reviews(workspace, tmp_path):
    rows = [
        f"{'Lovely' if number % 2 else 'Dreadful'} film {number},{['bad', 'good'][number % 2]}" for number in range(60)
    ]
    (tmp_path / "reviews.csv").write_text("\n".join(["text,label", *rows, f"{EVIL},good"]))
    made = import_path(
        workspace, tmp_path / "reviews.csv", reading=Reading(modality="text", text="text", column="label")
    )
    write_json(workspace.root / "choices.json", {"dataset": made.id, "dataset_version": 1})
    return made


def test_texts_are_looked_through_searched_and_changed(open_page, reviews, workspace):
    app = open_page("data")
    said = texts(app)
    assert [(row["label"], row["count"], len(row["cells"])) for row in drawn(app, "rows")] == [
        ("bad", "30 texts", 3),
        ("good", "31 texts", 3),
    ]
    assert "image" not in said.split("Nothing to mend")[1]
    assert {"Texts", "Median words", "Median characters"} <= {one.label for one in app.metric}
    field(app, "text_input", "Search").set_value("SCRIPT").run()
    (cell,) = drawn(app, "cells")
    assert cell["parts"] == [[EVIL, ""]] and cell["word"] == "good" and "1–1 of 1 text" in texts(app)
    field(app, "text_input", "Search").set_value("").run()
    field(app, "selectbox", "Sort by").set_value("largest").run()
    assert drawn(app, "cells")[0]["parts"] == [[EVIL, ""]]
    name = reviews.frame["name"].iloc[-1]
    tick(app, reviews, name)
    app.session_state["enlarged"] = name
    assert "46 characters\\, 4 words" in texts(app.run()) and not app.exception
    field(app, "selectbox", "Their class").set_value("bad").run()
    app = press(app, "Relabel 1 text")
    assert load_dataset(workspace, reviews.id).report.classes == {"bad": 31, "good": 30}
    assert "1 text relabelled as bad" in texts(app)
    press(app, "Undo")
    assert not app.exception


def test_a_missing_file_of_texts_is_told(open_page, reviews):
    (reviews.directory / "texts" / "texts.arrow").unlink()
    app = open_page("data")
    assert "cannot be read" in app.error[0].value and not app.exception


def test_pasted_lines_are_shown_before_they_are_imported(open_page, workspace):
    app = open_page("data").segmented_control[0].set_value("Paste texts").run()
    app.text_area[0].set_value("A lovely film it was\nWhat a cast they have").run()
    assert "tells the classes" in app.error[0].value
    app.text_input(key="pasted_label").set_value("good").run()
    app = press(app, "Give it to them")
    pasted = app.text_area[0].value
    app.text_area[0].set_value(f"{pasted}\nbad\tI left after half an hour\nbad\tNever again {EVIL}").run()
    assert "bad · 2 texts" in texts(app) and not app.error
    app = press(app, "Import these texts")
    job = jobs.current(workspace, "import")
    poll(lambda: not job.view().running, lambda: f"{job.view()}", deadline=60)
    made = load_dataset(workspace, job.view().result["dataset"])
    assert made.report.classes == {"bad": 2, "good": 2} and made.modality.name == "text"
    assert ("Texts", "4") in [(one.label, one.value) for one in app.run().metric] and not app.exception
