"""A draft is on disk at once, and what comes from outside is only ever shown."""

import json
import threading

import pytest

import core.importing.drafts.drafts as module
from core import trash
from core.errors import DataError, GraftError
from core.importing.drafts.drafts import (
    add_class,
    class_to_trash,
    delete_draft,
    list_drafts,
    load_draft,
    new_draft,
    remove_class,
    rename_class,
)
from core.importing.drafts.drafts import rename as rename_draft
from core.importing.drafts.images import add_images
from tests.conftest import image

HOSTILE = ["**bold**", "<script>alert(1)</script>", "../../etc", "a/b", "=cmd()", "日本語", "$x^2$", ".hidden", "con"]


@pytest.fixture
def draft(workspace):
    return new_draft(workspace)


def labels(draft):
    return [one.label for one in draft.classes]


def test_a_new_draft_has_two_empty_classes_and_is_listed(workspace, draft):
    assert labels(draft) == ["Class 1", "Class 2"]
    assert [known.id for known in list_drafts(workspace)] == [draft.id]
    assert load_draft(workspace, draft.id) == draft


def test_classes_are_added_renamed_and_removed(workspace, draft):
    draft = add_class(draft, "  cats ")
    draft = rename_class(draft, draft.classes[0].id, "dogs")
    draft = remove_class(draft, draft.classes[1].id)
    assert labels(load_draft(workspace, draft.id)) == ["dogs", "cats"]


def test_a_class_without_a_name_gets_the_first_free_number(draft):
    draft = remove_class(add_class(draft), draft.classes[0].id)
    assert labels(add_class(draft)) == ["Class 2", "Class 3", "Class 1"]


@pytest.mark.parametrize("label", HOSTILE)
def test_hostile_labels_stay_as_they_are(workspace, draft, label):
    assert labels(load_draft(workspace, add_class(draft, label).id))[-1] == label


def test_characters_that_cannot_be_seen_are_dropped(draft):
    assert labels(add_class(draft, "cat\u202e\x00s\n"))[-1] == "cats"


@pytest.mark.parametrize(
    ("label", "said"), [("Class 2", "already"), (" \u202e ", "needs a name"), ("x" * 201, "at most")]
)
def test_a_label_that_cannot_be_is_refused_in_words(draft, label, said):
    with pytest.raises(DataError, match=said):
        rename_class(draft, draft.classes[0].id, label)


def test_a_class_may_keep_its_own_name(draft):
    assert labels(rename_class(draft, draft.classes[0].id, "Class 1")) == ["Class 1", "Class 2"]


def test_two_tabs_do_not_undo_each_others_work(workspace, draft):
    first = draft.classes[0].id
    tabs = [threading.Thread(target=add_class, args=(draft, f"from tab {n}")) for n in range(4)]
    tabs += [
        threading.Thread(target=add_images, args=(draft, first, [(f"{n}.jpg", image("red", n))])) for n in range(4)
    ]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    now = load_draft(workspace, draft.id)
    assert len(now.classes) == 6 and len(now.of(first).examples) == 4
    assert len({one.file for one in now.of(first).examples}) == 4


def test_removing_a_class_removes_its_images(draft):
    draft = add_images(draft, draft.classes[0].id, [("a.jpg", image("red"))]).draft
    draft = remove_class(draft, draft.classes[0].id)
    assert not list((draft.directory / "images").iterdir())


def test_what_was_killed_between_the_bytes_and_the_list_leaves_the_draft_as_it_was(workspace, draft, monkeypatch):
    def killed(draft):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(module, "_write", killed)
        with pytest.raises(KeyboardInterrupt):
            add_images(draft, draft.classes[0].id, [("a.jpg", image("red"))])
    assert len(list((draft.directory / "images").iterdir())) == 1
    assert load_draft(workspace, draft.id) == draft
    again = add_images(draft, draft.classes[0].id, [("b.png", image("red", ending="png"))]).draft
    assert [path.name for path in (draft.directory / "images").iterdir()] == ["000001.png"] and again.size == 1


def test_a_deleted_draft_is_gone_for_the_other_tab_too(workspace, draft):
    delete_draft(draft)
    assert not list_drafts(workspace)
    for what in (lambda: add_class(draft), lambda: load_draft(workspace, draft.id), lambda: rename_draft(draft, "x")):
        with pytest.raises(DataError, match="not there any more"):
            what()
    assert [path.name for path in (workspace.root / "drafts").iterdir() if path.is_dir()] == []


@pytest.mark.parametrize("id", ["../datasets", "", "a/b", ".."])
def test_an_id_leads_nowhere_else(workspace, id):
    with pytest.raises(GraftError):
        load_draft(workspace, id)


@pytest.mark.parametrize("text", ["", "[]", '{"name": 3}', '{"name": "x", "created": ""'])
def test_a_damaged_list_is_told_and_hides_no_other_draft(workspace, draft, text):
    other = new_draft(workspace)
    (draft.directory / "draft.json").write_text(text)
    assert [known.id for known in list_drafts(workspace)] == [other.id]
    with pytest.raises(DataError, match="cannot be read"):
        load_draft(workspace, draft.id)


def test_a_list_that_leads_out_of_the_draft_is_not_believed(workspace, draft):
    draft = add_images(draft, draft.classes[0].id, [("a.jpg", image("red"))]).draft
    said = json.loads((draft.directory / "draft.json").read_text())
    said["classes"][0]["examples"][0]["file"] = "../../../secret.jpg"
    (draft.directory / "draft.json").write_text(json.dumps(said))
    with pytest.raises(DataError, match="cannot be read"):
        load_draft(workspace, draft.id)


def test_a_class_comes_back_from_the_trash_as_a_draft_of_its_own(workspace, draft):
    draft = add_images(draft, draft.classes[0].id, [("a.jpg", image("red"))]).draft
    trashed = class_to_trash(draft, draft.classes[0].id)
    assert labels(load_draft(workspace, draft.id)) == ["Class 2"] and len(list_drafts(workspace)) == 1
    trash.restore(workspace, trashed.id)
    back = load_draft(workspace, trashed.name)
    assert (back.name, labels(back)) == ("Class 1, of My images", ["Class 1"])
    assert back.path(back.classes[0].examples[0]).read_bytes() == image("red")


def test_a_draft_of_an_earlier_version_opens(workspace, draft):
    draft = add_images(draft, draft.classes[0].id, [("a.jpg", image("red"))]).draft
    (draft.directory / "images").rename(draft.directory / "pictures")
    said = (draft.directory / "draft.json").read_text().replace('"examples"', '"pictures"')
    (draft.directory / "draft.json").write_text(said)
    draft = add_images(load_draft(workspace, draft.id), draft.classes[0].id, [("b.jpg", image("blue"))]).draft
    assert [draft.path(one).read_bytes() for one in draft.classes[0].examples] == [image("red"), image("blue")]
    assert not (draft.directory / "images").exists()
