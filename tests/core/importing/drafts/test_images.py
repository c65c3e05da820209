"""What was dropped is kept as it came, refused in words, and becomes a dataset of just these classes."""

import io

import pytest

from core.errors import DataError
from core.importing.drafts.adding import remove_item
from core.importing.drafts.drafts import add_class, load_draft, new_draft
from core.importing.drafts.images import add_images
from core.importing.drafts.making import draft_source
from core.importing.importing import import_source
from core.limits import Limits
from tests.conftest import image


@pytest.fixture
def draft(workspace):
    return new_draft(workspace)


def add(draft, label, *images, **more):
    class_id = next(one.id for one in draft.classes if one.label == label)
    return add_images(draft, class_id, images, **more)


def test_images_are_kept_under_numbers_as_they_came(workspace, draft):
    data = image("red")
    added = add(draft, "Class 1", ("../../evil.jpg", data), ("C:\\b.jpg", io.BytesIO(image("red", 1))))
    now = load_draft(workspace, draft.id)
    assert added.taken == 2 and not added.refused
    assert [one.name for one in now.classes[0].examples] == ["evil.jpg", "b.jpg"]
    assert [one.file for one in now.classes[0].examples] == ["000001.jpg", "000002.jpg"]
    assert now.path(now.classes[0].examples[0]).read_bytes() == data


def test_what_is_no_image_is_refused_in_words_and_the_rest_is_taken(draft):
    good = image("red")
    files = [
        ("notes.txt", b"hi"),
        ("cut.jpg", good[: len(good) // 2]),
        ("empty.jpg", b""),
        ("x.zip", b"PK\3\4"),
        ("a.jpg", good),
    ]
    added = add(draft, "Class 1", *files)
    assert added.taken == 1
    reasons = {one.name: one.reason for one in added.refused}
    assert "not an image" in reasons["notes.txt"] and "cut short" in reasons["cut.jpg"]
    assert "empty" in reasons["empty.jpg"] and "Unpack it" in reasons["x.zip"]


def test_files_of_the_system_are_passed_over(draft):
    added = add(draft, "Class 1", ("photos/.DS_Store", b"x"), ("Thumbs.db", b"x"))
    assert (added.taken, added.refused) == (0, [])


def test_the_same_image_twice_is_kept_once_a_class(draft):
    one = ("a.jpg", image("red"))
    added = add(draft, "Class 1", one, one)
    assert (added.taken, added.known) == (1, 1)
    again = add(added.draft, "Class 1", one)
    assert (again.taken, again.known) == (0, 1)
    assert add(again.draft, "Class 2", one).taken == 1


@pytest.mark.parametrize(
    ("limits", "said"),
    [(Limits(entries=2), "as many as"), (Limits(file_bytes=100), "larger"), (Limits(total_bytes=100), "together")],
)
def test_too_much_is_refused(draft, limits, said):
    added = add(draft, "Class 1", *((f"{n}.jpg", image("red", n)) for n in range(3)), limits=limits)
    assert added.refused and all(said in one.reason for one in added.refused)
    assert added.taken + len(added.refused) == 3


def test_a_image_is_removed_and_its_number_never_given_again(draft):
    draft = add(draft, "Class 1", ("a.jpg", image("red"))).draft
    gone = draft.classes[0].examples[0]
    draft = remove_item(draft, draft.classes[0].id, gone.file)
    assert draft.size == 0 and not draft.path(gone).exists()
    draft = remove_item(draft, draft.classes[0].id, gone.file)
    assert add(draft, "Class 1", ("b.jpg", image("red", 1))).draft.classes[0].examples[0].file == "000002.jpg"


def test_images_for_a_class_that_is_gone_are_refused(draft):
    with pytest.raises(DataError, match="not there any more"):
        add_images(draft, "ffff", [("a.jpg", image("red"))])


def test_many_images_arrive_in_their_order(draft):
    added = add(draft, "Class 1", *((f"{n}.jpg", image("red", n)) for n in range(40)))
    assert [one.name for one in added.draft.classes[0].examples] == [f"{n}.jpg" for n in range(40)]


def test_a_draft_becomes_a_dataset_of_just_its_classes(workspace, draft):
    hostile = ["a/b", "train", "test", ".hidden"]
    for number, label in enumerate(hostile):
        draft = add_class(draft, label)
        files = [(name, image("red", 10 * number + n)) for n, name in enumerate(("x.jpg", "x.csv", "x.jpg", "é/.jpg"))]
        draft = add(draft, label, *files).draft
    made = import_source(workspace, draft_source(draft), "mine")
    assert sorted(made.classes) == sorted(hostile)
    assert made.frame["label"].value_counts().to_dict() == dict.fromkeys(hostile, 3)
    assert set(made.frame["split"]) == {"train", "validation"}
