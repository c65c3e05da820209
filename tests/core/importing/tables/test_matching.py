"""Which image a cell of a table means."""

from __future__ import annotations

import pytest

from core.importing.tables.matching import EXACT, Matcher

IMAGES = ["img/IMG_0001.JPG", "img/0007.jpg", "img/my cat (2).jpg", "a/same.jpg", "b/same.jpg", "img/Ünïcode.png"]


@pytest.mark.parametrize(
    ("cell", "image"),
    [
        ("img/0007.jpg", "img/0007.jpg"),
        ("0007.jpg", "img/0007.jpg"),
        ("C:\\pets\\img\\0007.jpg", "img/0007.jpg"),
        ("img_0001.jpg", "img/IMG_0001.JPG"),
        ("IMG_0001.png", "img/IMG_0001.JPG"),
        ("IMG_0001", "img/IMG_0001.JPG"),
        ("7", "img/0007.jpg"),
        ("7.0", "img/0007.jpg"),
        ("my%20cat%20(2).jpg", "img/my cat (2).jpg"),
        ("https://host/data/0007.jpg?size=big&x=1", "img/0007.jpg"),
        ("/data/local-files/?d=img/0007.jpg", "img/0007.jpg"),
        ("gs://bucket/img/0007.jpg", "img/0007.jpg"),
        ("/data/upload/1/0a1b2c3d-0007.jpg", "img/0007.jpg"),
        ("IMG_0001_JPG.rf.0123456789abcdef0123.jpg", "img/IMG_0001.JPG"),
        ("x/b/same.jpg", "b/same.jpg"),
        ("same.jpg", None),  # one of two
        ("0008.jpg", None),
        ("", None),
        ("..", None),
    ],
)
def test_one_image_is_meant_or_none(cell, image):
    assert Matcher(IMAGES).find(cell, "labels.csv") == image


@pytest.mark.parametrize(
    ("cell", "image"),
    [
        ("leaf7.jpg", "img/leaf7.jpg.jpg"),  # of a system that hides endings
        ("my leaf 1.jpg", "img/my_leaf_1.png"),
        ("my-leaf-1", "img/my_leaf_1.png"),
        ("black &amp; white.jpg", "img/black & white.jpg"),
        ("'plain.jpg'", "img/plain.jpg"),
        ("again.jpg", "img/again (1).jpg"),
        ("Käfer.jpg", "img/KÃ¤fer.jpg"),  # unpacked by a program that took UTF-8 for something else
        ("Ｎｏ１２.jpg", "img/No12.jpg"),
        ("12", None),  # not every image is called No and a number
    ],
)
def test_names_that_systems_and_tools_changed(cell, image):
    names = (
        "leaf7.jpg.jpg",
        "my_leaf_1.png",
        "black & white.jpg",
        "plain.jpg",
        "again (1).jpg",
        "KÃ¤fer.jpg",
        "No12.jpg",
    )
    assert Matcher([f"img/{name}" for name in names]).find(cell, "labels.csv") == image


@pytest.mark.parametrize(("cell", "image"), [("7", "x/img_007.png"), ("img_12", "x/img_12.png"), ("scan_7", None)])
def test_numbers_alone_where_all_images_begin_alike(cell, image):
    assert Matcher(["x/img_007.png", "x/img_12.png"]).find(cell, "labels.csv") == image


def test_what_is_found_loosely_is_counted_and_may_be_refused():
    matcher = Matcher(IMAGES)
    assert matcher.told("7", "t.csv") and matcher.told("0007.jpg", "t.csv")
    assert matcher.loosely == {"zeros or other things before the number are missing": ["img/0007.jpg"]}
    assert matcher.find("7", "t.csv", EXACT) is None


def test_of_two_the_one_in_the_split_that_the_table_is_called_after():
    matcher = Matcher(["train/1.png", "test/1.png"])
    assert matcher.find("1", "trainLabels.csv") == "train/1.png" and matcher.find("1", "labels.csv") is None


def test_looser_ways_never_take_one_for_another():
    matcher = Matcher(["a/7.jpg", "a/007.jpg", "b/cat.png", "b/CAT.png"])
    assert matcher.find("07.jpg", "t.csv") is None and matcher.find("Cat.png", "t.csv") is None
    assert matcher.find("7.jpg", "t.csv") == "a/7.jpg" and matcher.find("CAT.png", "t.csv") == "b/CAT.png"
