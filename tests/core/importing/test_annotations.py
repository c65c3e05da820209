"""Files that are no images are named for what they are, and masks are no classes."""

from __future__ import annotations

import json

import pytest

from core.errors import DataError
from core.importing.annotations import masks_beside, named
from core.importing.importing import check
from tests.conftest import image

IMAGES = {f"images/p{number}.jpg": image("red" if number % 2 else "blue", number) for number in range(12)}
PETS = {"cat": 6, "dog": 6}


@pytest.mark.parametrize(
    ("name", "begins", "words"),
    [
        ("IMG_1.HEIC", b"", "HEIC"),
        ("IMG_1.jpg", b"\0\0\0\x18ftypheic", "HEIC"),
        ("DSC1.NEF", b"MM\0*", "raw file"),
        ("a.jpg", b"<!DOCTYPE html><html>", "web page"),
        ("a.jpg", b"version https://git-lfs.github.com/spec/v1", "Git LFS"),
        ("data_batch_1", b"\x80\x04\x95", "pickle"),
        ("IM1", b"\0" * 128 + b"DICM", "DICOM"),
        ("data.arrow", b"ARROW1", "Arrow"),
        ("clip.bin", b"\0\0\0\x18ftypmp42", "video"),
        ("inner.zip", b"PK\x03\x04", "archive"),
        ("a.jpg", b"\xff\xd8\xff", ""),
        ("a.avif", b"\0\0\0\x18ftypavif", ""),
    ],
)
def test_what_a_file_is(name, begins, words):
    assert words in named(name, begins) and bool(words) == bool(named(name, begins))


@pytest.mark.parametrize(
    "held", [b"<html>", b"version https://git-lfs", b"\0\0\0\x18ftypheic" + b"\0" * 90, b"PK\x03\x04"]
)
def test_a_refusal_says_what_the_files_are(make_zip, held):
    with pytest.raises(DataError, match="and 5 more are each"):
        check(make_zip(files={f"{label}/{n}.jpg": held for label in "ab" for n in range(3)}))


def test_only_what_a_system_keeps(make_zip):
    with pytest.raises(DataError, match=r"only 4 files that a system keeps.*Mac's"):
        check(make_zip(files={f"{label}/._{n}.jpg": b"\0\x05\x16\x07" for label in "ab" for n in range(2)}))


def test_masks_with_the_name_of_the_image_before_are_no_examples(make_zip):
    files = {f"{kind}/{kind} ({n}).png": image("red", n + 9 * (kind == "benign"), ending="png")
             for kind in ("benign", "malignant") for n in range(5)}  # fmt: skip
    masks = {name.replace(".png", "_mask.png"): image("blue", n, ending="png") for n, name in enumerate(files)}
    report = check(make_zip(files={**files, **masks}))
    assert report.classes == {"benign": 5, "malignant": 5}
    assert [one.title for one in report.findings if one.kind == "boxes"] == ["10 images are the masks of another."]


def test_a_mask_that_is_worn_is_none_of_an_image():
    assert not masks_beside(["with_mask/a_mask.png", "with_mask/b_mask.png", "without/c.png"])


@pytest.mark.parametrize(
    "folders", [("images", "1st_manual", "mask"), ("img", "masks_human", "masks_machine"), ("image", "manual")]
)
def test_folders_of_masks_are_no_classes(make_zip, folders):
    files = {
        f"{folder}/{n}.png": image("red", n + 7 * k, ending="png") for k, folder in enumerate(folders) for n in range(4)
    }
    with pytest.raises(DataError, match="a mask for each image"):
        check(make_zip(files=files))


def label_studio(number, value, kind="choices"):
    result = [{"value": {kind: value}, "from_name": "x", "to_name": "image", "type": kind}]
    data = {"image": f"/data/upload/1/{number:08x}-p{number}.jpg"}
    return {"id": number, "data": data, "annotations": [{"id": number, "result": result}]}


def test_choices_as_label_studio_exports_them(make_zip):
    tasks = [label_studio(n, ["cat" if n % 2 else "dog"]) for n in range(12)]
    assert check(make_zip(files={**IMAGES, "project.json": json.dumps(tasks).encode()})).classes == PETS


def test_several_choices_and_boxes_of_label_studio(make_zip):
    tasks = [label_studio(n, (["cat", "dog"], ["cat"], ["dog"])[n % 3]) for n in range(12)]
    report = check(make_zip(files={**IMAGES, "project.json": json.dumps(tasks).encode()}))
    assert report.classes == {"cat": 8, "dog": 8} and report.unlabelled is not None
    tasks = [label_studio(n, ["cat"], "rectanglelabels") for n in range(12)]
    with pytest.raises(DataError, match="as Label Studio writes them"):
        check(make_zip(files={**IMAGES, "project.json": json.dumps(tasks).encode()}))


@pytest.mark.parametrize("head", ["ImageId,EncodedPixels", "ImageId,rle"])
def test_a_table_of_outlines_alone_is_refused_as_such(make_zip, head):
    rows = "".join(f"p{number}.jpg,264661 17 265429 {33 + number}\n" for number in range(12))
    with pytest.raises(DataError, match="says where on an image things are.*does not learn these yet"):
        check(make_zip(files={**IMAGES, "train.csv": f"{head}\n{rows}".encode()}))


def test_coco_with_the_images_in_a_folder_of_their_own(make_zip):
    held = {"images": [{"id": 1, "file_name": "p1.jpg"}], "annotations": [{"image_id": 1, "bbox": [1, 2, 3, 4]}]}
    files = {f"images/default/p{n}.jpg": image("red", n) for n in range(4)}
    with pytest.raises(DataError, match="COCO"):
        check(make_zip(files={**files, "annotations/instances_default.json": json.dumps(held).encode()}))


def test_a_table_with_one_class_is_named(make_zip):
    rows = "".join(f"p{number}.jpg,cat\n" for number in range(12))
    with pytest.raises(DataError, match="table 'labels.csv' has only the class 'cat'"):
        check(make_zip(files={**IMAGES, "labels.csv": f"image,label\n{rows}".encode()}))
