"""Which class and split an image's path tells."""

from __future__ import annotations

import pytest

from core.importing.layout import classes_and_splits, is_junk
from core.words import clean_label as clean

TRAIN, VALIDATION, TEST = "train", "validation", "test"
LAYOUTS = {
    "classes at the top": (
        {"cats/a.jpg": ("cats", None), "dogs/b.jpg": ("dogs", None)},
    ),
    "in a wrapper, in another": (
        {"my/photos/cats/a.jpg": ("cats", None), "my/photos/dogs/b.jpg": ("dogs", None)},
    ),
    "images deeper than their class": (
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
    "splits without classes": (
        {"train/a.jpg": (None, TRAIN), "test/b.jpg": (None, TEST)},
    ),
    "splits with words and numbers around them": (
        {"seg_train/seg_train/cats/a.jpg": ("cats", TRAIN), "seg_train/seg_train/dogs/b.jpg": ("dogs", TRAIN),
         "seg_test/seg_test/cats/c.jpg": ("cats", TEST), "seg_pred/seg_pred/d.jpg": (None, None)},
    ),
    "splits with a word for set": (
        {"training_set/cats/a.jpg": ("cats", TRAIN), "training_set/dogs/b.jpg": ("dogs", TRAIN),
         "Test Data/dogs/c.jpg": ("dogs", TEST), "validationImages/dogs/d.jpg": ("dogs", VALIDATION)},
    ),
    "splits in an order": (
        {"1_train/cats/a.jpg": ("cats", TRAIN), "1_train/dogs/a.jpg": ("dogs", TRAIN),
         "2_val/cats/c.jpg": ("cats", VALIDATION)},
    ),
    "splits in other languages": (
        {"Entrenamiento/cats/a.jpg": ("cats", TRAIN), "Entrenamiento/dogs/b.jpg": ("dogs", TRAIN),
         "Validación/cats/c.jpg": ("cats", VALIDATION), "Prueba/dogs/d.jpg": ("dogs", TEST)},
    ),
    "splits in Chinese": (
        {"训练集/猫/a.jpg": ("猫", TRAIN), "训练集/狗/b.jpg": ("狗", TRAIN), "验证集/狗/c.jpg": ("狗", VALIDATION),
         "测试集/猫/d.jpg": ("猫", TEST)},
    ),
    "splits in Russian with a word for set": (
        {"обучающая выборка/кот/a.jpg": ("кот", TRAIN), "обучающая выборка/пёс/b.jpg": ("пёс", TRAIN),
         "тестовая выборка/кот/c.jpg": ("кот", TEST)},
    ),
    "splits in two letters": (
        {"tr/cats/a.jpg": ("cats", TRAIN), "va/dogs/b.jpg": ("dogs", VALIDATION), "te/cats/c.jpg": ("cats", TEST)},
    ),
    "splits below the classes that name them again": (
        {"cats/cats_train/a.jpg": ("cats", TRAIN), "cats/cats_test/b.jpg": ("cats", TEST),
         "dogs/dogs_train/c.jpg": ("dogs", TRAIN), "dogs/dogs_test/d.jpg": ("dogs", TEST)},
    ),
    "a split of one class keeps it": (
        {"train/cats/a.jpg": ("cats", TRAIN), "train/dogs/a.jpg": ("dogs", TRAIN), "test/cats/c.jpg": ("cats", TEST)},
    ),
    "what nobody labeled": (
        {"train/cats/a.jpg": ("cats", TRAIN), "train/dogs/b.jpg": ("dogs", TRAIN), "unlabeled/c.jpg": (None, None)},
    ),
    "what nobody labeled, beside classes": (
        {"cats/a.jpg": ("cats", None), "dogs/b.jpg": ("dogs", None), "no_label/c.jpg": (None, None)},
    ),
    "a test tube is no test": (
        {"test tube/a.jpg": ("test tube", None), "beaker/b.jpg": ("beaker", None)},
    ),
    "days that each hold the classes": (
        {"2024-05-01/ripe/a.jpg": ("ripe", None), "2024-05-01/unripe/b.jpg": ("unripe", None),
         "2024-05-02/ripe/c.jpg": ("ripe", None), "2024-05-02/unripe/d.jpg": ("unripe", None)},
    ),
    "folds that each hold the classes": (
        {"fold1/a/a.jpg": ("a", None), "fold1/b/b.jpg": ("b", None), "fold2/a/c.jpg": ("a", None),
         "fold2/b/d.jpg": ("b", None),
         "fold3/a/e.jpg": ("a", None)},
    ),
    "classes that each hold batches": (
        {"cats/batch1/a.jpg": ("cats", None), "cats/batch2/b.jpg": ("cats", None),
         "dogs/batch1/c.jpg": ("dogs", None), "dogs/batch2/d.jpg": ("dogs", None)},
    ),
    "years, then days, then classes": (
        {f"{year}/{month}/{label}/a.jpg": (label, None) for year in ("2023", "2024") for month in ("01", "02")
         for label in ("ok", "bad")},
    ),
    "kinds of kinds": (
        {"cats/persian/a.jpg": ("cats", None), "cats/siamese/b.jpg": ("cats", None), "dogs/pug/c.jpg": ("dogs", None)},
    ),
    "digits": (
        {f"{digit}/a.png": (str(digit), None) for digit in range(10)},
    ),
    "names that begin with the class": (
        {f"train/{label}.{number}.jpg": (label, TRAIN) for label in ("cat", "dog") for number in range(3)}
        | {f"test1/{number}.jpg": (None, TEST) for number in range(3)},
    ),
    "names of a camera": (
        {f"{name}_{number}.jpg": (None, None) for name in ("IMG", "DSC") for number in range(3)},
    ),
    "test images without a class": (
        {"train/cats/a.jpg": ("cats", TRAIN), "train/dogs/b.jpg": ("dogs", TRAIN), "test/001.jpg": (None, TEST)},
    ),
    "a stray folder beside the splits": (
        {"train/cats/a.jpg": ("cats", TRAIN), "val/dogs/b.jpg": ("dogs", VALIDATION), "notes/c/d.jpg": (None, None)},
    ),
    "an image in no folder": (
        {"a.jpg": (None, None), "cats/b.jpg": ("cats", None), "dogs/c.jpg": ("dogs", None)},
    ),
    "an image in the wrapper itself": (
        {"p/a.jpg": (None, None), "p/cats/b.jpg": ("cats", None), "p/dogs/c.jpg": ("dogs", None)},
    ),
    "nothing but images": (
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
    "name",
    [
        "__MACOSX/cats/._a.jpg",
        "cats/.DS_Store",
        "cats/Thumbs.db",
        ".git/a.jpg",
        "cats/desktop.ini",
        "cats/@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg",
        "$RECYCLE.BIN/x/a.jpg",
        "#recycle/a.jpg",
        "cats/ehthumbs.db",
        "System Volume Information/a.jpg",
        "~$labels.xlsx",
        "Network Trash Folder/a.jpg",
        "@sharebin/a.jpg",
    ],
)
def test_what_nobody_would_miss(name):
    assert is_junk(name) and not is_junk("cats/a.jpg")
