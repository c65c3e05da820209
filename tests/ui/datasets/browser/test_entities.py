"""A single entity is changed in the large view of its text, with the way back."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from core.data.dataset import load_dataset
from core.importing.importing import import_path
from core.tasks.tokens import spans_in
from core.workspace import write_json
from tests.pages.conftest import open_page, press, texts  # noqa: F401
from ui.datasets.browser import entities
from ui.datasets.browser.entities import FIRST

KINDS = {"Ann": "PERSON", "Bob": "PERSON", "Carl": "PLACE", "Dora": "HERO", "Emil": "HERO"}
ROWS = [(f"{name} <b>lives</b> in Rome.", [[0, len(name), kind]]) for name, kind in KINDS.items()]


@pytest.fixture
def dataset(workspace, tmp_path):
    lines = [json.dumps({"text": text, "entities": spans}) for text, spans in ROWS]
    (tmp_path / "e.jsonl").write_text("\n".join(lines))
    made = import_path(workspace, tmp_path / "e.jsonl")
    write_json(workspace.root / "choices.json", {"dataset": made.id, "dataset_version": 1})
    return made


@pytest.fixture
def opened(dataset, open_page):  # noqa: F811
    return run(open_page("data"), dataset)


def run(app, dataset):
    """The page with the large view open, which a fragment keeps open in a browser."""
    app.session_state["enlarged"] = dataset.frame["name"][0]
    return app.run()


def click(app, dataset, label):
    (button,) = [one for one in app.button if one.label == label]
    button.click()
    return run(app, dataset)


def choose(app, dataset, label, value, number=0):
    box(app, label, number).set_value(value)
    return run(app, dataset)


def box(app, label, number=0):
    return [one for one in app.selectbox if one.label == label][number]


def newest(workspace, dataset):
    made = load_dataset(workspace, dataset.id)
    return made.version, spans_in(made.frame["spans"][0])


def test_an_entity_gets_another_type_and_undo_brings_it_back(opened, dataset, workspace):
    assert box(opened, "Entity of this text").options == ["Ann (PERSON)"]
    app = click(choose(opened, dataset, "Type", "HERO"), dataset, "Change its type")
    assert not app.exception and newest(workspace, dataset) == (2, ((0, 3, "HERO"),))
    assert box(app, "Entity of this text").options == ["Ann (HERO)"]  # it stays open
    app = run(press(app, "Undo"), dataset)
    assert not app.exception and box(app, "Entity of this text").options == ["Ann (PERSON)"]


def test_an_entity_is_removed(opened, dataset, workspace):
    app = click(opened, dataset, "Remove the entity")
    assert not app.exception and newest(workspace, dataset) == (2, ())
    assert "No entity is marked in this text." in texts(app)


def test_an_entity_is_added_by_its_words_and_none_over_another(opened, dataset, workspace):
    words = box(opened, FIRST).options
    app = choose(choose(opened, dataset, FIRST, 0), dataset, "Type", "PLACE", 1)
    app = click(app, dataset, "Mark “Ann”")
    assert "an entity already" in app.error[0].value and newest(workspace, dataset)[0] == 1
    rome = next(number for number, word in enumerate(words) if word.startswith("Rome"))
    app = choose(choose(app, dataset, FIRST, rome), dataset, "Type", "PLACE", 1)
    app = click(app, dataset, "Mark “Rome”")
    assert not app.exception and newest(workspace, dataset) == (2, ((0, 3, "PERSON"), (20, 24, "PLACE")))


def test_a_long_text_has_parts_and_one_that_is_gone_is_not_opened(monkeypatch, opened, dataset):
    monkeypatch.setattr(entities, "ON_A_PART", 4)
    app = run(opened, dataset)
    assert not app.exception and len(box(app, "Part of the text").options) == 3
    app.session_state["enlarged"] = "no text is called so"
    app.run()
    assert not app.exception and not [one for one in app.selectbox if one.label == FIRST]


def test_nothing_is_offered_for_a_version_that_is_not_in_use(dataset, workspace):
    write_json(workspace.root / "choices.json", {"dataset": dataset.id, "dataset_version": 9})
    app = AppTest.from_function(_panel, default_timeout=60).run()
    assert not app.exception and not app.selectbox


def _panel():
    from core.data.dataset import list_datasets, load_dataset
    from ui.datasets.browser.entities import entities_panel
    from ui.shared import state

    (known,) = list_datasets(state.workspace())
    dataset = load_dataset(state.workspace(), known.id)
    entities_panel(dataset, dataset.frame.iloc[0])
