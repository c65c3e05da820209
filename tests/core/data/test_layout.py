"""Which class and split a picture's path tells."""

from __future__ import annotations

import pytest

from core.data.layout import classes_and_splits, clean, is_junk

TRAIN, VALIDATION, TEST = "train", "validation", "test"
LAYOUTS = {
    "classes at the top": (
        {"cats/a.jpg": ("cats", None), "dogs/b.jpg": ("dogs", None)},
    ),
    "in a wrapper, in another": (
        {"my/photos/cats/a.jpg": ("cats", None), "my/photos/dogs/b.jpg": ("dogs", None)},
    ),
    "pictures deeper than their class": (
        {"p/cats/2024/may/a.jpg": ("cats", None), "p/cats/b.jpg": ("cats", None), "p/dogs/c.jpg": ("dogs", None)},
    ),
    "splits above the classes": (
        {"train/cats/a.jpg": ("cats", TRAIN), "val/dogs/b.jpg": ("dogs", VALIDATION)},
    ),
    "splits in any case, in a wrapper": (
        {"p/Training/cats/a.jpg": ("cats", TRAIN), "p/VALID/dogs/b.jpg": ("dogs", VALIDATION),
         "p/Testing/cats/c.jpg": ("cats", TEST)},
    ),
    "a wrapper below the splits": (
        {"train/images/cats/a.jpg": ("cats", TRAIN), "validation/images/dogs/b.jpg": ("dogs", VALIDATION)},
    ),
    "splits below the classes": (
        {"cats/train/a.jpg": ("cats", TRAIN), "cats/val/b.jpg": ("cats", VALIDATION),
         "dogs/train/c.jpg": ("dogs", TRAIN)},
    ),
    "training alone is a wrapper": (
        {"train/cats/a.jpg": ("cats", None), "train/dogs/b.jpg": ("dogs", None)},
    ),
    "a vehicle among vehicles": (
        {"train/a.jpg": ("train", None), "bus/b.jpg": ("bus", None), "car/x/c.jpg": ("car", None)},
    ),
    "classes called train and test": (
        {"train/a.jpg": ("train", None), "test/b.jpg": ("test", None)},
    ),
    "test pictures without a class": (
        {"train/cats/a.jpg": ("cats", TRAIN), "train/dogs/b.jpg": ("dogs", TRAIN), "test/001.jpg": (None, TEST)},
    ),
    "a stray folder beside the splits": (
        {"train/cats/a.jpg": ("cats", TRAIN), "val/dogs/b.jpg": ("dogs", VALIDATION), "notes/c/d.jpg": (None, None)},
    ),
    "a picture in no folder": (
        {"a.jpg": (None, None), "cats/b.jpg": ("cats", None), "dogs/c.jpg": ("dogs", None)},
    ),
    "a picture in the wrapper itself": (
        {"p/a.jpg": (None, None), "p/cats/b.jpg": ("cats", None), "p/dogs/c.jpg": ("dogs", None)},
    ),
    "nothing but pictures": (
        {"a.jpg": (None, None), "b.jpg": (None, None)},
    ),
    "one class": (
        {"cats/a.jpg": ("cats", None), "cats/b.jpg": ("cats", None)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("expected", [layout for (layout,) in LAYOUTS.values()], ids=LAYOUTS)
def test_layouts(expected):
    assert dict(zip(expected, classes_and_splits(list(expected)))) == expected


@pytest.mark.parametrize(
    ("folder", "label"),
    [
        ("golden retriever", "golden retriever"),
        ("🐈‍⬛ cats & <b>dogs</b>", "🐈‍⬛ cats & <b>dogs</b>"),
        ("x" * 300, "x" * 300),
        ("\U0001fae9", "\U0001fae9"),  # an emoji newer than this Python
        ("A\u0308pfel", "Äpfel"),
        ("ca\x1b[31mts\n", "ca[31mts"),
        ("gpj\u202etac", "gpjtac"),
        ("\u200f", "unnamed"),
    ],
)
def test_names_are_kept_as_they_look(folder, label):
    assert clean(folder) == label


@pytest.mark.parametrize(
    "name", ["__MACOSX/cats/._a.jpg", "cats/.DS_Store", "cats/Thumbs.db", ".git/a.jpg", "cats/desktop.ini"]
)
def test_what_nobody_would_miss(name):
    assert is_junk(name) and not is_junk("cats/a.jpg")
