"""Images with several labels each: when a table is taken for one of those, and what is made of it."""

from __future__ import annotations

import json
from collections import Counter

import pandas as pd
import pytest

from core.data.browsing import first_of_each, matching
from core.data.changes import leave_out, mark, relabel, repair, repairs, settle
from core.data.splits import SplitSettings, split_rows
from core.errors import DataError
from core.importing.importing import check, import_path
from core.tasks import MULTILABEL
from core.tasks.labels import divided
from tests.conftest import image
from tests.core.importing.tables.test_manifest import csv, parquet

SAID = [("cat", "dog"), ("dog",), ("cat",), (), ("bird", "cat"), ("bird", "dog"), ("bird", "cat", "dog"), ("dog",)]
PATHS = [f"img/{number}.jpg" for number in range(8)]
IMAGES = {path: image("red", number) for number, path in enumerate(PATHS)}
NAMES = ("bird", "cat", "dog")


def table(form):
    return csv([(path, form(labels)) for path, labels in zip(PATHS, SAID)], "file;tags", ";")


FORMS = {
    "semicolons.csv": csv([(path, ";".join(labels)) for path, labels in zip(PATHS, SAID)]),
    "bars.csv": table(" | ".join),
    "commas.csv": table(", ".join).replace(b"bird, cat\n", b"bird\n"),  # which then stands alone, as the others do
    "lists.csv": table(lambda labels: str(list(labels))),
    "arrays.csv": table(lambda labels: f"[{' '.join(map(repr, labels))}]"),
    "slashes.csv": table(" / ".join).replace(b"bird / cat\n", b"bird\n"),
    "words.csv": table(" and ".join).replace(b"bird and cat\n", b"bird\n"),
    "plus.csv": table(" + ".join).replace(b"bird + cat\n", b"bird\n"),
    "hashtags.csv": table(lambda labels: " ".join(f"#{label}" for label in labels)),
    "enumerated.csv": table("、".join),
    "lines.csv": table(lambda labels: '"' + "\n".join(labels) + '"'),
    "database.csv": table(lambda labels: "{" + ",".join(labels) + "}"),
    "sets.csv": table(lambda labels: "{" + ", ".join(map(repr, labels)) + "}"),
    "objects.jsonl": "\n".join(
        json.dumps({"file_name": path, "labels": [{"name": label} for label in labels]})
        for path, labels in zip(PATHS, SAID)
    ).encode(),
    "lists.jsonl": pd.DataFrame({"file_name": PATHS, "labels": map(list, SAID)})
    .to_json(None, orient="records", lines=True)
    .encode(),
    "lists.parquet": parquet(pd.DataFrame({"path": PATHS, "label": map(list, SAID)})),
    "_classes.csv": csv(
        [(path, *(int(name in labels) for name in NAMES)) for path, labels in zip(PATHS, SAID)],
        f"filename, {', '.join(NAMES)}",
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_table_says_the_labels(workspace, make_zip, name):
    dataset = import_path(workspace, make_zip(files={**IMAGES, name: FORMS[name]}))
    said = dict(zip(PATHS, map(", ".join, SAID))) | {"img/3.jpg": "no label"}
    if name in ("commas.csv", "slashes.csv", "words.csv", "plus.csv"):
        said["img/4.jpg"] = "bird"
    assert dataset.kind == "labels" and dataset.classes == NAMES
    assert dict(zip(dataset.frame["name"], dataset.answers(dataset.frame))) == said
    assert dataset.report.unlabelled == 1 and dataset.counts().loc["dog"].sum() == dataset.report.classes["dog"] == 5
    assert len(matching(dataset, label="dog")) == 5 and matching(dataset, label="")["name"].tolist() == ["img/3.jpg"]
    assert {label: len(rows) for label, rows in first_of_each(dataset, ["cat", "dog"], 2).items()} == {
        "cat": 2,
        "dog": 2,
    }


@pytest.mark.parametrize(
    "cells",
    [
        ["Paris, France", "Lyon, France", "Rome, Italy", "Milan, Italy"],
        ["bowl", "bowl, empty", "cup", "cup, empty"],
        ["red, small", "red, large", "blue, small", "blue, large"],
        ["AC|DC", "Simon;Garfunkel", "a, b"],
        ["[old]", "[new]"],
        ["cat", "dog"] * 200 + ["cat;dog"],  # a slip
        ["[1.5, 2]", "[0.1, 3]"],
    ],
)
def test_names_with_separators_in_them_stay_whole(cells):
    assert divided(Counter(cells)) == {}


def test_a_list_of_zeros_and_ones_is_one_for_each_label():
    assert divided(Counter(["[0, 1, 1]", "[0, 0, 0]"])) == {"": (), "[0, 1, 1]": ("1", "2"), "[0, 0, 0]": ()}


@pytest.mark.parametrize(("twos", "kind"), [(0, "classes"), (1, "classes"), (3, "labels")])
def test_columns_of_which_hardly_any_image_has_two_are_classes(make_zip, twos, kind):
    rows = [(f"{n}.jpg", int(n % 2 or n < twos), int(not n % 2 or n < twos)) for n in range(150)]
    small = {f"{n}.jpg": image("red", n, size=(8, 8)) for n in range(150)}
    report = check(make_zip(files={**small, "_classes.csv": csv(rows, "filename,red,blue")}))
    assert (report.unlabelled is not None) == (kind == "labels")
    assert [len(one.files) for one in report.findings if one.kind == "several labels"] == [1] * (twos == 1)


def test_commas_that_may_stand_between_labels_are_told(make_zip):
    cells = ["bowl", "bowl, empty", "cup", "cup, empty", "", "bowl", "cup", "cup"]
    (finding,) = [
        one
        for one in check(make_zip(files={**IMAGES, "t.csv": table(lambda _: cells.pop())})).findings
        if one.kind == "commas"
    ]
    assert "bowl, empty, cup, empty" in finding.title and "semicolons" in finding.why and len(finding.files) == 2


def test_commas_do_not_make_the_only_class_an_untold_one(make_zip):
    cells = ["bowl", "bowl", "bowl, empty", "cup, empty", "cup"]
    few = {path: IMAGES[path] for path in PATHS[:2]}
    with pytest.raises(DataError, match="table 't.csv' has only the class 'bowl'"):
        check(make_zip(files={**few, "t.csv": csv(zip(PATHS, cells), "file;tags", ";")}))


def test_the_same_labels_everywhere_are_refused(make_zip):
    lists = csv([(path, "['cat' 'dog']") for path in PATHS])
    with pytest.raises(DataError, match="the same labels"):
        check(make_zip(files={**IMAGES, "t.csv": lists}))


def test_a_split_gives_each_part_its_share_of_the_rarest_labels():
    labels = ["common"] * 40 + ["common\nrare"] * 10 + [""] * 10
    frame = pd.DataFrame({"label": labels, "twins": 0, "group": ""})
    splits = split_rows(frame, MULTILABEL, SplitSettings(validation=0.2))
    held = [label for label, split in zip(labels, splits) if split == "validation"]
    assert Counter(held) == {"common": 8, "common\nrare": 2, "": 2}


# Changes --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def dataset(workspace, make_zip):
    return import_path(workspace, make_zip(files={**IMAGES, "t.jsonl": FORMS["lists.jsonl"]}))


def labels(dataset):
    return dict(zip(dataset.frame["name"], dataset.answers(dataset.frame)))


def test_a_label_is_given_and_taken(workspace, dataset):
    given = mark(workspace, dataset, ["img/2.jpg", "img/3.jpg", "img/1.jpg"], " dog ")
    assert given.changed == "dog given to 2 images"
    assert labels(given)["img/2.jpg"] == "cat, dog" and labels(given)["img/3.jpg"] == "dog"
    taken = mark(workspace, given, PATHS, "dog", has=False)
    assert taken.classes == ("bird", "cat") and taken.changed == "dog taken from 7 images"
    for names, label, has, words in (
        (["img/1.jpg"], "dog", True, "have that label already"),
        (["img/3.jpg"], "dog", False, "have no such label"),
        (["img/3.jpg"], "  ", True, "A label needs a name"),
    ):
        with pytest.raises(DataError, match=words):
            mark(workspace, dataset, names, label, has)


def test_what_is_for_other_datasets_is_refused(workspace, dataset, make_zip):
    with pytest.raises(DataError, match="Give or take a label instead"):
        relabel(workspace, dataset, ["img/0.jpg"], "cat")
    with pytest.raises(DataError, match="images with different labels"):
        leave_out(workspace, dataset, [path for path in PATHS if path not in ("img/1.jpg", "img/7.jpg")])
    classes = import_path(workspace, make_zip({"red": 3, "blue": 3}, name="classes.zip"))
    with pytest.raises(DataError, match="Relabel them instead"):
        mark(workspace, classes, ["red/0.jpg"], "x")


def test_findings_fit_labels_and_so_do_their_buttons(workspace, make_zip):
    said = [("Cat", "dog"), ("cat",), ("cat", "dog"), ("dog",), ("cat",), ("dog",), ("cat", "lone"), ("cat", "dog")]
    rows = [(path, ";".join(each)) for path, each in zip(PATHS, said)]
    files = {**IMAGES, "img/7.jpg": IMAGES["img/0.jpg"]}  # which says something else of it
    dataset = import_path(workspace, make_zip(files={**files, "t.csv": csv(rows)}))
    found = {one.kind: one for one in dataset.report.findings}
    assert found["one image"].title == "2 labels have a single image: Cat, lone." and "imbalance" not in found
    assert not repairs(dataset, found["one image"]) and not repairs(dataset, found["few images"])
    assert found["contradiction"].title == "1 image has copies with different labels."
    settled = settle(workspace, dataset, found["contradiction"].files, "Cat\ndog")
    assert settled.changed.startswith("Settled as Cat, dog: 1 copy")
    merged = repair(workspace, settled, {one.kind: one for one in settled.report.findings}["similar names"], "merge")
    assert merged.classes == ("cat", "dog", "lone") and labels(merged)["img/0.jpg"] == "cat, dog"
