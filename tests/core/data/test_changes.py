"""Every change is a new version, and each button does what it says."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image

from core.data.changes import REPAIRS, leave_out, move, relabel, relabel_each, repair, resplit, settle, with_copies
from core.data.dataset import list_versions, load_dataset
from core.errors import DataError
from core.importing.importing import import_path
from tests.conftest import image


@pytest.fixture
def dataset(workspace, make_zip):
    return import_path(workspace, make_zip({"red": 12, "blue": 12}))


@pytest.fixture
def numbers(workspace, make_zip):
    rows = [json.dumps({"path": f"{n}.jpg", "price": n + 0.5}) for n in range(12)]
    files = {f"{n}.jpg": image("red", n) for n in range(12)}
    return import_path(workspace, make_zip(files={**files, "t.jsonl": "\n".join(rows).encode()}))


def shapes(seed, format="PNG"):
    coarse = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(coarse).resize((80, 60), Image.Resampling.BICUBIC).save(file, format)
    return file.getvalue()


def finding(dataset, kind):
    return next(one for one in dataset.report.findings if one.kind == kind)


def test_relabel_makes_a_version_and_the_old_one_stays(workspace, dataset):
    made = relabel(workspace, dataset, ["red/0.jpg", "red/1.jpg"], "green")
    assert made.version == 2 and made.classes == ("blue", "green", "red")
    assert made.changed == "2 images relabelled as green"
    assert made.report.classes == {"blue": 12, "green": 2, "red": 10}
    assert load_dataset(workspace, dataset.id, 1).classes == ("blue", "red")
    assert [info.changed for info in list_versions(workspace, dataset.id).values()] == ["Imported", made.changed]


def test_leave_out_and_move(workspace, dataset):
    name = dataset.part("train")["name"][0]
    moved = move(workspace, dataset, [name], "test")
    assert moved.part("test")["name"].tolist() == [name] and moved.report.splits["test"] == 1
    left = leave_out(workspace, moved, [name])
    assert name not in set(left.frame["name"]) and len(left.frame) == 23 and left.version == 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda w, d: relabel(w, d, ["red/0.jpg"], "red"), "already"),
        (lambda w, d: relabel(w, d, ["red/0.jpg"], " \u202e "), "needs a name"),
        (lambda w, d: relabel(w, d, ["nowhere.jpg"], "blue"), "None of these"),
        (lambda w, d: relabel(w, d, d.frame["name"], "blue"), "fewer than two classes"),
        (lambda w, d: leave_out(w, d, d.frame.loc[d.frame["label"] == "red", "name"]), "fewer than two classes"),
        (lambda w, d: move(w, d, d.frame["name"], "test"), "to train on"),
        (lambda w, d: move(w, d, d.part("train")["name"], "train"), "already"),
        (lambda w, d: relabel(w, d, ["red/0.jpg"], 1.0), "classes, not numbers"),
        (lambda w, d: resplit(w, d, validation=0.8, test=0.5, seed=0), "too little to train on"),
    ],
)
def test_what_cannot_be_done_is_said_and_makes_no_version(workspace, dataset, change, words):
    with pytest.raises(DataError, match=words):
        change(workspace, dataset)
    assert list(list_versions(workspace, dataset.id)) == [1]


def test_a_number_is_corrected(workspace, numbers):
    made = relabel(workspace, numbers, ["3.jpg"], 99.0)
    assert made.frame.set_index("name")["target"]["3.jpg"] == 99.0 and made.kind == "number"
    assert made.changed == "1 number corrected"
    assert finding(made, "far out").files == ["3.jpg"]
    with pytest.raises(DataError, match="finite"):
        relabel(workspace, numbers, ["3.jpg"], float("nan"))
    with pytest.raises(DataError, match="150 digits"):
        relabel(workspace, numbers, ["3.jpg"], 1e200)
    with pytest.raises(DataError, match="numbers, not classes"):
        relabel(workspace, numbers, ["3.jpg"], "cat")


@pytest.mark.parametrize("values", [list("ab") * 6, [n + 0.5 for n in range(12)]])
def test_what_one_group_ties_together_cannot_be_split_and_that_is_said(workspace, make_zip, values):
    rows = [json.dumps({"path": f"{n}.jpg", "value": value, "group": "p"}) for n, value in enumerate(values)]
    files = {f"{n}.jpg": image("red", n) for n in range(12)}
    dataset = import_path(workspace, make_zip(files={**files, "t.jsonl": "\n".join(rows).encode()}))
    with pytest.raises(DataError, match="too large to be divided"):
        repair(workspace, dataset, finding(dataset, "no validation"), "resplit")


def test_no_validation_is_mended(workspace, numbers):
    bare = resplit(workspace, numbers, validation=0, test=0.2, seed=0)
    mended = repair(workspace, bare, finding(bare, "no validation"), "resplit")
    assert mended.report.splits == {"train": 8, "validation": 2, "test": 2}
    assert not [one for one in mended.report.findings if one.kind == "no validation"]


def test_rare_numbers_are_no_slips_of_the_pen(workspace, numbers):
    names = numbers.frame["name"]
    rare = relabel_each(workspace, numbers, {name: float(at < 2) for at, name in enumerate(names)})
    assert not [one for one in rare.report.findings if one.kind == "far out"]


def test_copies_across_a_given_split_are_found_and_mended(workspace, make_zip):
    files = {f"train/red/{n}.png": shapes(n) for n in range(6)} | {
        f"train/blue/{n}.png": shapes(n + 20) for n in range(6)
    }
    files |= {"val/red/same.jpg": shapes(0, "JPEG"), "val/red/other.png": shapes(50), "val/blue/x.png": shapes(60)}
    dataset = import_path(workspace, make_zip(files=files))
    leak = finding(dataset, "leak")
    assert leak.groups == [["train/red/0.png", "val/red/same.jpg"]]
    one_side = repair(workspace, dataset, leak, "one_side")
    assert not [one for one in one_side.report.findings if one.kind == "leak"] and len(one_side.frame) == 15
    kept = repair(workspace, dataset, leak, "keep_one")
    assert len(kept.frame) == 14 and not [one for one in kept.report.findings if one.kind in ("leak", "duplicate")]
    assert kept.changed == "1 image that had copies left out"


def test_what_contradicts_itself_across_the_split_is_settled_before_a_copy_is_left_out(workspace, make_zip):
    files = {
        f"{side}/{label}/{n}.png": shapes(n + 20 * len(label))
        for label in ("red", "blue")
        for n in range(6)
        for side in ["train" if n < 4 else "val"]
    }
    dataset = import_path(workspace, make_zip(files={**files, "val/blue/wrong.jpg": shapes(60, "JPEG")}))
    kinds = [one.kind for one in dataset.report.findings if one.groups]
    assert kinds == ["contradiction"]
    settled = settle(workspace, dataset, finding(dataset, "contradiction").files, "blue")
    assert not [one for one in settled.report.findings if one.groups]


def test_copies_with_two_answers_are_left_out(workspace, make_zip):
    dataset = import_path(workspace, make_zip({"red": 12, "blue": 12}, {"blue/also.jpg": image("red", 1)}))
    found = finding(dataset, "contradiction")
    assert sorted(found.files) == ["blue/also.jpg", "red/1.jpg"]
    made = repair(workspace, dataset, found, "leave_out")
    assert len(made.frame) == 23 and made.changed == "2 images with several answers left out"


def test_a_contradiction_is_settled_by_saying_what_it_is(workspace, make_zip):
    dataset = import_path(workspace, make_zip({"red": 12, "blue": 12}, {"blue/also.jpg": image("red", 1)}))
    (group,) = finding(dataset, "contradiction").groups
    made = settle(workspace, dataset, group, "red")
    assert made.report.classes == {"blue": 12, "red": 12} and "blue/also.jpg" not in set(made.frame["name"])
    assert made.changed == "Settled as red: 1 copy that said otherwise left out"
    with pytest.raises(DataError, match="says so"):
        settle(workspace, dataset, group, "green")


def test_two_numbers_of_one_image_are_settled(workspace, make_zip):
    rows = [json.dumps({"path": f"{n}.png", "price": n + 0.5}) for n in range(12)]
    files = {f"{n}.png": shapes(min(n, 10)) for n in range(11)} | {"11.png": shapes(0)}
    dataset = import_path(workspace, make_zip(files={**files, "t.jsonl": "\n".join(rows).encode()}))
    (group,) = finding(dataset, "contradiction").groups
    made = settle(workspace, dataset, group, 0.5)
    assert set(group) - set(made.frame["name"]) == {"11.png"} and made.changed.startswith("Settled as 0.5: 1 copy")


def test_copies_go_along_when_a_image_is_relabelled(workspace, make_zip):
    files = {"red/a.png": shapes(1), "red/small.jpg": shapes(1, "JPEG"), "blue/b.png": shapes(1)}
    dataset = import_path(workspace, make_zip({"red": 12, "blue": 12}, files))
    both = with_copies(dataset, {"red/a.png": "green", "red/1.jpg": "green"})
    assert both == dict.fromkeys(["red/a.png", "red/small.jpg", "red/1.jpg"], "green")
    assert with_copies(dataset, {"red/a.png": "x", "red/small.jpg": "y"})["red/small.jpg"] == "y"


def test_a_copy_that_the_class_has_already_is_left_out_and_said(workspace, make_zip):
    dataset = import_path(workspace, make_zip({"red": 12, "blue": 12}, {"blue/also.jpg": image("red", 1)}))
    made = relabel(workspace, dataset, ["blue/also.jpg"], "red")
    assert made.changed == "1 image relabelled as red; 1 copy there already left out" and len(made.frame) == 24


def test_findings_come_in_the_order_in_which_they_are_best_mended(workspace, make_zip):
    files = {f"Tiny/{n}.png": shapes(n) for n in range(3)} | {"tiny/0.png": shapes(9), "tiny/1.png": shapes(8)}
    files |= {"many/copy.png": shapes(1), "many/a.png": shapes(30), "many/a.jpg": shapes(30, "JPEG")}
    plain = io.BytesIO()
    Image.new("RGB", (64, 64), "navy").save(plain, "PNG")
    dataset = import_path(workspace, make_zip({"many": 60}, {**files, "many/plain.png": plain.getvalue()}))
    kinds = [one.kind for one in dataset.report.findings]
    assert kinds == ["similar names", "contradiction", "duplicate", "one colour", "few images", "imbalance"]
    assert "at most 20 of each class, which leaves 44 images out" in dataset.report.findings[-1].why


def test_uneven_classes_and_similar_names(workspace, make_zip):
    dataset = import_path(workspace, make_zip({"Red": 40, "red ": 3, "blue": 12}))
    fewer = repair(workspace, dataset, finding(dataset, "imbalance"), "even_out")
    assert fewer.report.classes == {"Red": 30, "red": 3, "blue": 12}
    assert not [one for one in fewer.report.findings if one.kind == "imbalance"]
    merged = repair(workspace, fewer, finding(fewer, "similar names"), "merge")
    assert merged.report.classes["Red"] >= 30 and set(merged.classes) == {"Red", "blue"}


@pytest.mark.parametrize("kind", REPAIRS)
def test_every_button_says_what_it_does(kind):
    for one in REPAIRS[kind]:
        assert one.label and one.help.endswith(".")


def test_an_unknown_button_is_refused(workspace, dataset):
    found = finding(relabel(workspace, dataset, ["red/0.jpg"], "lone"), "one image")
    with pytest.raises(DataError, match="no repair"):
        repair(workspace, dataset, found, "rm -rf")
