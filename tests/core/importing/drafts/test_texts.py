"""What is typed, pasted or dropped is kept as it is, and becomes a dataset of just these classes."""

from __future__ import annotations

import pytest

from core import trash
from core.errors import DataError
from core.importing.drafts.adding import remove_item
from core.importing.drafts.drafts import add_class, class_to_trash, load_draft, new_draft
from core.importing.drafts.making import draft_of, draft_source, fits_a_draft
from core.importing.drafts.texts import add_text_files, add_texts
from core.importing.importing import import_path, import_source
from core.limits import Limits


@pytest.fixture
def draft(workspace):
    return new_draft(workspace, modality="text")


def said(draft, number=0):
    return [item.text for item in draft.classes[number].examples]


def test_lines_are_texts_and_a_whole_is_one(workspace, draft):
    first, second = (one.id for one in draft.classes)
    added = add_texts(draft, first, " Good day. \n\n\tFine!\nGood day.")
    assert (added.taken, added.known, said(added.draft)) == (2, 1, ["Good day.", "Fine!"])
    whole = add_texts(added.draft, second, "A poem\nof two lines", whole=True).draft
    assert said(load_draft(workspace, draft.id), 1) == ["A poem\nof two lines"]
    assert [item.name for one in whole.classes for item in one.examples] == [
        "Good day.",
        "Fine!",
        "A poem of two lines",
    ]


def test_nothing_is_no_text(draft):
    with pytest.raises(DataError, match="no text yet"):
        add_texts(draft, draft.classes[0].id, " \n ")


def test_files_are_texts_each_or_by_lines(draft):
    first, second = (one.id for one in draft.classes)
    files = [
        ("a/one.txt", "Grüße\naus Köln".encode("cp1252")),
        (".DS_Store", b"x"),
        ("t.csv", b"a,b"),
        ("x.pdf", b"%PDF-"),
    ]
    added = add_text_files(draft, first, files)
    assert said(added.draft) == ["Grüße\naus Köln"]
    assert [(one.name, one.reason.split(".")[0]) for one in added.refused] == [
        ("t.csv", "It is a table"),
        ("x.pdf", "It is a PDF"),
    ]
    assert said(add_text_files(draft, second, files[:1], by_lines=True).draft, 1) == ["Grüße", "aus Köln"]


@pytest.mark.parametrize(
    ("limits", "words"), [(Limits(entries=2), "2 texts already"), (Limits(total_bytes=5), "together")]
)
def test_too_much_is_refused(draft, limits, words):
    added = add_texts(draft, draft.classes[0].id, "one\ntwo\nthree", limits=limits)
    assert added.refused and all(words in one.reason for one in added.refused)


def test_a_text_is_removed_and_a_class_comes_back_from_the_trash(workspace, draft):
    draft = add_texts(draft, draft.classes[0].id, "one\ntwo").draft
    draft = remove_item(draft, draft.classes[0].id, draft.classes[0].examples[0].file)
    assert said(draft) == ["two"]
    back = class_to_trash(draft, draft.classes[0].id)
    trash.restore(workspace, back.id)
    assert said(load_draft(workspace, back.name)) == ["two"] and load_draft(workspace, back.name).modality == "text"


def test_a_draft_becomes_a_dataset_of_just_its_classes(workspace, draft):
    labels = ["None", "a/b", "train", "=cmd()", "spam, ham", "Class 1", "Class 2"]
    for label in labels[:5]:
        draft = add_class(draft, label)
    for one in draft.classes:
        draft = add_texts(draft, one.id, "\n".join(f"text {n} of <{one.label}>" for n in range(4))).draft
    made = import_source(workspace, draft_source(draft), draft.name)
    assert sorted(made.classes) == sorted(labels) and made.modality.name == "text"
    assert made.frame["label"].value_counts().to_dict() == dict.fromkeys(labels, 4)
    texts = {text for text, _ in made.modality.stored(made.frame, made.path)}
    assert texts == {item.text for one in draft.classes for item in one.examples}


def test_a_dataset_of_texts_is_added_to(workspace, tmp_path):
    lines = ["text,label", *(f"a text of number {n},{'ab'[n > 3]}" for n in range(12))]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    dataset = import_path(workspace, tmp_path / "t.csv", name="Mine")
    assert fits_a_draft(dataset)
    draft = draft_of(workspace, dataset)
    assert [(one.label, len(one.examples)) for one in draft.classes] == [("a", 4), ("b", 8)] and draft.name == "Mine"
    draft = add_texts(draft, draft.classes[0].id, "a text of number 0\nanother one").draft
    assert len(draft.classes[0].examples) == 5 and draft_of(workspace, dataset) == draft
    made = import_source(workspace, draft_source(draft), draft.name)
    assert made.report.classes == {"a": 5, "b": 8} and made.id != dataset.id


def test_texts_that_belong_together_are_added_to_elsewhere(workspace, tmp_path):
    rows = [f"one {n},another {n},{'ab'[n % 2]}" for n in range(8)]
    (tmp_path / "p.csv").write_text("\n".join(["premise,hypothesis,label", *rows]))
    with pytest.raises(DataError, match="Only single texts"):
        draft_of(workspace, import_path(workspace, tmp_path / "p.csv"))
    assert not list((workspace.root / "drafts").glob("*/draft.json"))
