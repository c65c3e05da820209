"""What would be mended is shown before it is clicked, and Undo brings it back."""

from __future__ import annotations

import pytest

from core.importing.importing import import_path
from core.workspace import write_json
from tests.pages.conftest import open_page, press, texts  # noqa: F401
from ui.examples.texts import changed_lines


@pytest.fixture
def dataset(workspace, tmp_path):
    lines = ["text,label", *(f"{'KÃ¶ln ist' if n < 6 else 'it is'} nice {n},{'ab'[n % 2]}" for n in range(12))]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    made = import_path(workspace, tmp_path / "t.csv")
    write_json(workspace.root / "choices.json", {"dataset": made.id, "dataset_version": 1})
    return made


def test_texts_are_mended_on_a_click_and_back(dataset, open_page):  # noqa: F811
    app = open_page("data")
    drawn = "".join(element.proto.body for element in app.get("html"))
    assert "KÃ¶ln ist nice 0" in drawn and "Köln ist nice 0" in drawn and "And 2 more." in texts(app)
    press(app, "Mend 6 texts")
    assert not app.exception and "6 texts mended" in texts(app)
    assert "letters that look wrong" not in texts(app)
    press(app, "Undo")
    assert "letters that look wrong" in texts(app)


def test_lines_begin_shortly_before_they_differ():
    one, other = changed_lines(("x" * 300 + " KÃ¶ln", ""), ("x" * 300 + " Köln", ""))
    assert one == "…" + "x" * 18 + " KÃ¶ln" and other.endswith("xx Köln")
