"""Rows of a CSV as examples: the toy modality goes through all that a dataset goes through."""

from __future__ import annotations

import pytest

from core import modalities
from core.data.browsing import matching
from core.data.changes import relabel, rename_classes, resplit, settle
from core.data.dataset import list_datasets, load_dataset
from core.errors import DataError
from core.importing.importing import check, import_path
from core.importing.tables.reading import Reading
from tests.toys.texts import Texts

LINES = [(f"{word} {number}", label) for label, word in (("good", "fine"), ("bad", "dull")) for number in range(12)]
TEXTS = Reading(modality="text")


@pytest.fixture(autouse=True)
def texts(monkeypatch):
    monkeypatch.setitem(modalities.MODALITIES, "text", Texts())


@pytest.fixture
def table(tmp_path):
    def made(lines=LINES, heading="review,label", name="reviews.csv"):
        path = tmp_path / name
        path.write_text("\n".join([heading, *(",".join(map(str, line)) for line in lines)]))
        return path

    return made


@pytest.fixture
def dataset(workspace, table):
    return import_path(workspace, table([*LINES, ("so", "bad"), ("", "bad"), ("fine 3", "bad")]), reading=TEXTS)


def test_rows_are_examples_with_answers_and_a_split(workspace, dataset):
    assert (dataset.modality.name, dataset.kind, dataset.classes) == ("text", "classes", ("bad", "good"))
    assert dataset.frame.loc[0, ["name", "text", "label"]].tolist() == ["reviews 01", "fine 0", "good"]
    split = dataset.frame.set_index("name")["split"]
    assert set(split) == {"train", "validation"} and split["reviews 04"] == split["reviews 27"]  # which are copies
    assert dataset.counts().to_numpy().sum() == 26 and "image" not in dataset.frame
    assert not (dataset.directory / "images").exists()
    (listed,) = list_datasets(workspace)
    assert (listed.images, listed.modality) == (26, "text")
    again = load_dataset(workspace, dataset.id)
    assert again.modality.name == "text" and again.frame.equals(dataset.frame)


def test_the_report_tells_of_the_texts(dataset):
    report = dataset.report
    assert (report.images, report.sizes, report.classes) == (26, None, {"bad": 14, "good": 12})
    told = {one.kind: one for one in report.findings}
    assert told["short"].files == ["reviews 25"] and told["left out"].files == ["reviews 26"]
    assert told["contradiction"].groups == [["reviews 04", "reviews 27"]]
    assert told["contradiction"].title == "1 text has copies with different classes."


def test_the_same_rows_again_are_the_dataset_that_is_there(workspace, table):
    first = import_path(workspace, table(), reading=TEXTS)
    again = import_path(workspace, table(name="other.csv"), reading=TEXTS)
    assert again.known and again.id == first.id


def test_changes_make_versions(workspace, dataset):
    made = relabel(workspace, dataset, ["reviews 01"], "odd")
    assert made.classes == ("bad", "good", "odd") and made.changed == "1 text relabelled as odd"
    made = rename_classes(workspace, made, {"odd": "good"})
    assert made.classes == ("bad", "good")
    made = settle(workspace, made, ["reviews 04", "reviews 27"], "good")
    assert len(made.frame) == 25 and "contradiction" not in {one.kind for one in made.report.findings}
    made = resplit(workspace, made, validation=0.3, test=0.1, seed=1)
    assert made.version == 5 and set(made.frame["split"]) == {"train", "validation", "test"}
    assert matching(made, label="good", text="reviews 04")["text"].tolist() == ["fine 3"]
    lengths = matching(made, order="largest")["characters"].tolist()
    assert lengths == sorted(lengths, reverse=True)
    with pytest.raises(DataError, match="the texts have that class already"):
        relabel(workspace, made, ["reviews 04"], "good")


def test_a_number_and_a_given_split_are_read_as_of_any_table(workspace, table):
    lines = [(f"text {number}", number / 4, ("train", "val")[number % 5 == 0]) for number in range(25)]
    made = import_path(workspace, table(lines, "text,target,split"), reading=TEXTS)
    assert (made.kind, made.target, made.split.given) == ("number", "target", True)
    assert made.part("validation")["target"].tolist() == [0.0, 1.25, 2.5, 3.75, 5.0]


@pytest.mark.parametrize(
    ("heading", "said"),
    [
        ("a,label", "in it. No column of it holds a text."),
        ("text,note", "does not tell what they are"),
    ],
)
def test_what_holds_no_example_or_no_answer_is_refused_in_words(table, heading, said):
    lines = [(text, label if heading == "a,label" else "") for text, label in LINES]
    with pytest.raises(DataError, match=said):
        check(table(lines, heading), reading=TEXTS)


def test_rows_that_cannot_be_the_modalitys_are_damage(workspace, dataset):
    path = dataset.directory / "versions" / "1.parquet"
    dataset.frame.assign(characters=0).to_parquet(path)
    with pytest.raises(DataError, match="texts of no length"):
        load_dataset(workspace, dataset.id)
