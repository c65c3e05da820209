"""Two datasets into one, and classes under other names."""

from __future__ import annotations

import pytest

from core.data.changes import rename_classes
from core.errors import DataError
from core.importing.importing import import_path, import_source
from core.importing.merging import merged_source, read_mapping, subset_source, suggested
from tests.conftest import image


@pytest.fixture
def first(workspace, make_zip):
    return import_path(workspace, make_zip({"cat": 6, "dog": 6}, name="first.zip"))


@pytest.fixture
def second(workspace, make_zip):
    files = {
        f"{label}/{number}.jpg": image("blue", number + 50) for number, label in enumerate(["Cats", "bird", "junk"] * 4)
    }
    return import_path(workspace, make_zip(files=files, name="second.zip"))


def test_classes_are_mapped_onto_the_firsts(workspace, first, second):
    becomes = suggested(first, second)
    assert becomes == {"Cats": "cat", "bird": "bird", "junk": "junk"}
    made = import_source(workspace, merged_source(first, second, {**becomes, "junk": ""}), "Both")
    assert made.report.classes == {"bird": 4, "cat": 10, "dog": 6} and made.id not in (first.id, second.id)
    assert made.frame["name"].is_unique and set(made.report.splits.values()) == {16, 4, 0}
    assert first.report.classes == {"cat": 6, "dog": 6}


def test_labels_and_numbers_come_along(workspace, make_zip):
    def given(name, head, rows, start):
        files = {f"{number}.jpg": image("red", number + start) for number in range(len(rows))}
        table = "\n".join([head, *(f"{number}.jpg;{row}" for number, row in enumerate(rows))])
        return import_path(workspace, make_zip(files={**files, "t.csv": table.encode()}, name=name))

    one = given("a.zip", "file;labels", ["x|y", "x", "y", "x|y"], 0)
    other = given("b.zip", "file;labels", ["X|z", "z", "X", "X|z"], 40)
    made = import_source(workspace, merged_source(one, other, suggested(one, other)), "Both")
    assert made.kind == "labels" and made.report.classes == {"x": 6, "y": 3, "z": 3}
    numbers = [given(f"{at}.zip", "file;price", [f"{at}.5", f"{at + 1}.5", f"{at + 2}.5"], at) for at in (100, 200)]
    made = import_source(workspace, merged_source(*numbers), "Both")
    assert (made.kind, made.target, len(made.frame)) == ("number", "price", 6)
    assert sorted(made.frame["target"]) == [100.5, 101.5, 102.5, 200.5, 201.5, 202.5]
    with pytest.raises(DataError, match="several labels an image"):
        merged_source(one, numbers[0])


def test_what_cannot_be_one_is_said(first):
    with pytest.raises(DataError, match="same dataset"):
        merged_source(first, first)
    with pytest.raises(DataError, match="OLD=NEW"):
        read_mapping(["cat"])
    assert read_mapping(["a=b", "c="]) == {"a": "b", "c": ""}


def test_two_classes_of_the_same_name_become_one(workspace, second):
    made = rename_classes(workspace, second, {"Cats": "cat", "junk": "bird"})
    assert made.report.classes == {"bird": 8, "cat": 4} and made.version == 2
    assert made.changed == "Renamed: Cats is now cat, junk is now bird"
    for becomes, words in (
        ({"cat": "cat"}, "Nothing changed"),
        ({"cat": " "}, "needs a name"),
        ({"cat": "bird"}, "fewer than"),
    ):
        with pytest.raises(DataError, match=words):
            rename_classes(workspace, made, becomes)


def test_some_examples_make_a_dataset_of_their_own(workspace, first):
    names = first.frame.groupby("label").head(3)["name"]
    made = import_source(workspace, subset_source(first, set(names)), "Some")
    assert made.report.classes == {"cat": 3, "dog": 3} and made.id != first.id
    assert set(made.frame["sha256"]) == set(first.frame.loc[names.index, "sha256"])
    with pytest.raises(DataError, match="None of these images"):
        subset_source(first, ["gone.jpg"])


def test_some_texts_make_a_dataset_of_their_own(workspace, tmp_path):
    lines = ["text,label", *(f"film number {number} is long,{'ab'[number % 2]}" for number in range(12))]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    dataset = import_path(workspace, tmp_path / "t.csv")
    made = import_source(workspace, subset_source(dataset, dataset.frame["name"].iloc[2:8]), "Some")
    assert len(made.frame) == 6 and made.classes == ("a", "b")
    assert set(made.frame["sha256"]) == set(dataset.frame["sha256"].iloc[2:8])
