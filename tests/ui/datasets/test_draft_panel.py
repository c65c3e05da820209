"""Classes are made by typing, filled by dropping, and made a dataset, all from the page."""

import base64

import pytest
from streamlit.testing.v1 import AppTest

from core.importing.drafts.drafts import list_drafts, new_draft, rename_class
from core.importing.drafts.images import add_images
from core.importing.drafts.making import draft_source
from core.importing.drafts.texts import add_texts
from core.importing.importing import import_source
from tests.conftest import image
from tests.pages.conftest import press, texts
from ui.datasets import draft_said
from ui.datasets.draft_card import enough
from ui.shared.drop import Piece
from ui.shared.webcam import _images

HOSTILE = "<b>:smile: **x** $y$"


def _page():
    import streamlit as st

    from ui.datasets.draft_panel import draft_panel

    draft_panel(lambda draft: st.session_state.update(started=draft.id))


@pytest.fixture
def open_panel(workspace):
    def open_it():
        app = AppTest.from_function(_page, default_timeout=60).run()
        assert not app.exception
        return app

    return open_it


@pytest.fixture
def filled(workspace):
    draft = new_draft(workspace)
    for number, one in enumerate(draft.classes):
        draft = add_images(draft, one.id, [(f"{n}.jpg", image("red", 10 * number + n)) for n in range(3)]).draft
    return draft


def field(app, label):
    return next(one for one in app.text_input if one.label == label)


def button(app, label):
    return next(one for one in app.button if one.label == label)


def only_draft(workspace):
    (draft,) = list_drafts(workspace)
    return draft


def test_two_classes_are_offered_and_nothing_can_be_made_of_them_yet(open_panel, workspace):
    app = open_panel()
    assert [one.value for one in app.text_input if one.label == "Name of the class"] == ["Class 1", "Class 2"]
    assert button(app, "Make the dataset").disabled
    assert len(only_draft(workspace).classes) == 2


def test_a_class_is_added_by_typing_its_name(open_panel, workspace):
    app = open_panel()
    field(app, "Add a class").set_value(HOSTILE)
    press(app, "Add")
    assert [one.label for one in only_draft(workspace).classes] == ["Class 1", "Class 2", HOSTILE]


def test_a_class_is_renamed_and_an_equal_name_is_refused_in_words(open_panel, workspace):
    app = open_panel()
    app = field(app, "Name of the class").set_value("cats").run()
    assert only_draft(workspace).classes[0].label == "cats"
    app = field(app, "Name of the class").set_value("Class 2").run()
    assert "already" in app.error[0].value
    assert [one.value for one in app.text_input if one.label == "Name of the class"] == ["cats", "Class 2"]


def test_another_tabs_new_name_is_shown(open_panel, workspace):
    app = open_panel()
    draft = only_draft(workspace)
    rename_class(draft, draft.classes[0].id, "dogs")
    assert field(app.run(), "Name of the class").value == "dogs"


def test_what_is_dropped_is_kept_and_counted_over_all_batches(workspace, monkeypatch):
    new_draft(workspace)
    app = AppTest.from_function(_dropped, default_timeout=60)
    name, data = "<b>.txt", b"hello"
    batches = [[Piece("a/b.jpg", len(photo := image("red")), 0, photo)], [Piece(name, len(data), 0, data)]]
    app.session_state["batches"] = batches
    said = texts(app.run())
    assert not app.exception
    assert "1 image added. 1 left out:" in said and "\\<b\\>\\.txt" in said and "not an image" in said
    assert [one.name for one in only_draft(workspace).classes[0].examples] == ["b.jpg"]
    monkeypatch.setattr(draft_said, "SECONDS_TOLD", 0)
    assert "1 image added" not in texts(app.run())


def _dropped():
    import streamlit as st

    from core.importing.drafts.drafts import list_drafts
    from ui.datasets.draft_panel import draft_panel
    from ui.datasets.draft_ways import take_images
    from ui.shared import state
    from ui.shared.drop import Drop

    (draft,) = list_drafts(state.workspace())
    batches = st.session_state["batches"]
    for number, pieces in enumerate(batches, start=1):
        take_images(draft, draft.classes[0], Drop("it", number), pieces, number == len(batches))
    st.session_state["batches"] = []
    draft_panel(lambda draft: None)


def test_one_camera_at_a_time(open_panel):
    app = open_panel()
    app = app.segmented_control[1].set_value("Webcam").run()
    app = app.segmented_control[2].set_value("Webcam").run()
    assert [one.value for one in app.segmented_control[1:]] == ["Files", "Webcam"]


def test_two_classes_of_two_images_can_be_made_a_dataset(open_panel, filled, workspace):
    app = press(open_panel(), "Make the dataset")
    assert app.session_state["started"] == filled.id
    assert only_draft(workspace) == filled


def test_a_second_dataset_of_the_same_name_is_told(open_panel, filled, workspace):
    assert "of this name already" not in texts(open_panel())
    import_source(workspace, draft_source(filled), filled.name)
    assert "of this name already" in texts(open_panel())


def test_uneven_classes_are_told(open_panel, filled):
    add_images(filled, filled.classes[0].id, [(f"{n}.jpg", image("blue", n)) for n in range(8)])
    assert "The largest class has 11 images" in texts(open_panel())


def test_deleting_asks_first(open_panel, filled, workspace):
    app = press(open_panel(), "Delete draft")
    assert "It goes to the trash" in texts(app) and only_draft(workspace) == filled
    press(app, "Delete the draft")
    assert filled.id not in [draft.id for draft in list_drafts(workspace)]


def test_removing_a_class_with_images_asks_first(open_panel, filled, workspace):
    app = open_panel()
    app = app.button(key=f"remove_{filled.classes[0].id}").click().run()
    assert only_draft(workspace) == filled
    press(app, "Remove the class")
    assert [one.id for one in only_draft(workspace).classes] == [filled.classes[1].id]


def test_an_empty_class_goes_at_once(open_panel, workspace):
    app = open_panel()
    app.button(key=f"remove_{only_draft(workspace).classes[0].id}").click().run()
    assert [one.label for one in only_draft(workspace).classes] == ["Class 2"]


def test_a_second_draft_leaves_the_first(open_panel, filled, workspace):
    app = press(open_panel(), "New")
    assert len(list_drafts(workspace)) == 2
    assert "No image yet" in texts(app)
    (choice,) = app.selectbox
    app = choice.set_value(filled.id).run()
    assert "3 images" in texts(app)


@pytest.mark.parametrize(
    ("images", "said"), [(0, "No image"), (1, "too few"), (12, "aim for 20"), (20, "enough to begin with")]
)
def test_how_many_are_enough_is_said_in_words(images, said):
    assert said in enough(images)


def test_whatever_the_browser_sends_only_images_are_taken_from_it():
    good = {"name": "a.jpg", "data": base64.b64encode(b"x").decode()}
    batch = {"images": [good, None, 3, {"name": "b"}, {"name": "c", "data": "!"}, {"name": "d", "data": 4}]}
    assert list(_images(batch)) == [("a.jpg", b"x")]
    assert list(_images({"images": "abc"})) == list(_images({})) == []


# Texts ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def of_texts(workspace):
    draft = new_draft(workspace, modality="text")
    for one in draft.classes:
        draft = add_texts(draft, one.id, f"{one.label} says one\n{one.label} says two").draft
    return draft


def test_texts_are_typed_and_kept_at_once(open_panel, workspace):
    app = open_panel()
    app = app.segmented_control[0].set_value("text").run()
    app = app.text_area[0].set_value("A lovely <b>film</b>.\n\nBrilliant!\nBrilliant!").run()
    app = next(one for one in app.button if one.label == "Add texts").click().run()
    assert not app.exception
    said = texts(app)
    assert "2 texts added. 1 were here already." in said and "2 texts" in said and "too few to learn from" in said
    draft = next(one for one in list_drafts(workspace) if one.modality == "text")
    assert [item.text for item in draft.classes[0].examples] == ["A lovely <b>film</b>.", "Brilliant!"]
    assert app.text_area[0].value == "" and draft.name == "My texts"


def test_nothing_typed_is_told(open_panel, of_texts):
    app = open_panel()
    app = next(one for one in app.button if one.label == "Add texts").click().run()
    assert "There is no text yet" in app.error[0].value


def test_the_newest_draft_says_what_it_is_of(open_panel, filled, of_texts, workspace):
    app = open_panel()
    assert [one.label for one in app.segmented_control] == ["Classes of", "Add texts", "Add texts"]
    app = press(app, "Make the dataset")
    assert app.session_state["started"] == of_texts.id
    app = app.segmented_control[0].set_value("image").run()
    assert not app.exception and "3 images" in texts(app) and len(list_drafts(workspace)) == 2


def test_files_of_texts_are_dropped(workspace, of_texts):
    app = AppTest.from_function(_dropped_texts, default_timeout=60).run()
    assert not app.exception
    said = texts(app)
    assert "3 texts added. 1 left out:" in said and "Give it under Upload" in said


def _dropped_texts():
    from core.importing.drafts.drafts import list_drafts
    from ui.datasets.draft_panel import draft_panel
    from ui.datasets.draft_ways import take_texts
    from ui.shared import state
    from ui.shared.drop import Drop, Piece

    (draft,) = list_drafts(state.workspace())
    pieces = [Piece(name, len(data), 0, data) for name, data in (("a.txt", b"one\ntwo\n\nthree"), ("b.csv", b"a,b"))]
    take_texts(draft, draft.classes[0], True, Drop("it", 1), pieces, True)
    draft_panel(lambda draft: None)
