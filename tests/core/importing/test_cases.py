"""Inputs as people really have them: see tests/cases/README.md."""

from __future__ import annotations

import re
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core.errors import DataError
from core.importing.importing import check

CASES = Path(__file__).parents[2] / "cases" / "cases.tar.xz"
PETS = {"cat": 6, "dog": 6}
TENS = {"cat": 10, "dog": 10}
EIGHTS = {"小狗": 8, "猫咪": 8}


@dataclass(frozen=True)
class Expected:
    """classes: how many images each has. splits: train, validation, test. told: kinds of findings that say what was not
    plain; silent: those that there must not be. refused: what the sentence says where it is no dataset."""

    classes: dict[str, int] = field(default_factory=dict)
    splits: tuple[int, int, int] | None = None
    told: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    refused: str = ""
    several: bool = False  # labels an image


def of(classes, *told, splits=None, silent=(), several=False):
    return Expected(classes, splits, told, silent, several=several)


def no(words):
    return Expected(refused=words)


EXPECTED: dict[str, Expected] = {
    "automl_gcs": of(PETS),
    "bom_in_the_middle": of(PETS, silent=("missing", "no class")),
    "breed_and_score": of(PETS, "guess"),
    "case_of_ending": of(PETS, "loosely"),
    "case_of_name": of(PETS, "loosely"),
    "class_id_many": of({str(number): 3 for number in range(24)}),
    "csv_cp1251": of({"кошка": 6, "собака": 6}, "letters"),
    "csv_gbk": of({"小狗": 6, "猫咪": 6}, "letters"),
    "csv_utf8_one_bad_byte": of({"Käfer": 6, "Mücke": 6}, "letters"),
    "cvat_imagenet": of(PETS, "no class"),
    "days_above_classes": of({"ripe": 12, "unripe": 12}, "guess"),
    "detection_csv": of({"cat": 8, "dog": 12}, "boxes", several=True),
    "dogs_vs_cats_test1": of(PETS, "guess", "no class"),
    "excel_ate_zeros": of(PETS, "loosely"),
    "excel_sep_line_3": of(PETS, splits=(8, 4, 0), silent=("missing",)),
    "fixed_camera_still": of(
        {"ok": 30, "scratch": 30},
        splits=(48, 12, 0),
        silent=("contradiction", "duplicate", "repeated", "no validation"),
    ),
    "float_celsius": of(TENS, "values", silent=("one colour",)),
    "float_negative": of(TENS, "values", silent=("one colour",)),
    "folder_gbk": of({"大马": 8, **EIGHTS}, "letters"),
    "google_form": no("Responses.csv.*Upload a photo of the leaf.*drive.google.com"),
    "ham10000_dx_age": of({"bkl": 4, "mel": 4, "nv": 4}),
    "header_title_3": of(PETS),
    "header_title_line": of(PETS),
    "hf_parquet": of({"cat": 8, "dog": 8}, splits=(10, 2, 4)),
    "imagenet_flat_val": of({"n02085620": 11, "n02123045": 11}, splits=(16, 6, 0)),
    "images_masks": no("mask for each image.*does not learn these yet"),
    "intel_seg_train": of({"buildings": 9, "forest": 9, "glacier": 9}, "no class", splits=(15, 3, 9)),
    "jp2": of(TENS),
    "json_list": of(PETS),
    "jsonl_base64": of({"cat": 4, "dog": 4}),
    "kaggle_cifar_same_ids": of(PETS, "no class"),
    "label_NA_of_R": of({"cat": 6, "dog": 4}, "no label"),
    "label_nan": of({"cat": 6, "dog": 4}, "no label"),
    "label_studio_choices": of({"cat": 8, "dog": 8}, several=True),
    "label_studio_csv": of(PETS, "loosely"),
    "mnist_idx": no("form of MNIST"),
    "npz": no("arrays of NumPy"),
    "one_and_1_0": of({"0": 6, "1": 5}, "no label", splits=(7, 4, 0)),
    "onehot_bool": of(PETS),
    "onehot_bool_3_in_folders": of({"bird": 4, "cat": 4, "dog": 4}),
    "onehot_with_index": of(PETS),
    "onehot_x": of({"Hund": 6, "Katze": 6}),
    "other_ending": of(PETS, "loosely"),
    "percent_encoded": of(PETS),
    "planet_space_tags": of(
        {
            "agriculture": 2,
            "clear": 6,
            "cloudy": 2,
            "haze": 2,
            "partly_cloudy": 2,
            "primary": 10,
            "road": 2,
            "water": 2,
        },
        *("guess", "loosely"),
        several=True,
    ),
    "plant_pathology_spaces": of(
        {"complex": 8, "frog_eye_leaf_spot": 16, "healthy": 4, "rust": 8, "scab": 12}, "guess", several=True
    ),
    "plantvillage_variants": of({"Apple___healthy": 8, "Apple___scab": 8, "Corn___rust": 8}, "guess"),
    "png16_centikelvin": of(TENS, "values", silent=("one colour",)),
    "png16_hot_pixel": of(TENS, "values", silent=("one colour",)),
    "png_big_iccp": of(TENS, silent=("left out",)),
    "png_big_ztxt": of(TENS, silent=("left out",)),
    "split_imgs_train": of(TENS, splits=(8, 2, 10)),
    "split_train_images": of(TENS, splits=(10, 10, 0)),
    "split_train_set": of(TENS, splits=(10, 10, 0)),
    "synology_eadir": of(PETS, silent=("duplicate", "repeated", "left out")),
    "tar_gbk": of({"马": 8, **EIGHTS}, "letters"),
    "tar_latin1": of({"Bär": 8, "Bör": 8, "Hund": 8}, "letters"),
    "tiff_float64": of(TENS, "values", silent=("one colour",)),
    "tiff_pages": of(TENS, "pages"),
    "tiff_rgb_16_of_12": of(TENS, "values", silent=("one colour",)),
    "tiff_rgb_float": of(TENS, "values", silent=("one colour",)),
    "training_set_test_set": of({"cats": 9, "dogs": 9}, splits=(10, 2, 6)),
    "trunc_jpeg": of(TENS, silent=("left out",)),
    "txt_list": of({"0": 6, "1": 6}),
    "type_and_age": of(PETS, "guess"),
    "underscore_hyphen": of(
        {"Golden-Retriever": 3, "golden retriever": 3, "golden_retriever": 3, "pug": 3}, "similar names"
    ),
    "user_image_emotion": of({"HAPPINESS": 4, "anger": 4, "happiness": 4}, "guess", "similar names"),
    "webdataset": of({"0": 6, "1": 6}),
    "white_on_transparent": of({"moon": 8, "star": 8}, "ground", silent=("one colour",)),
    "whitespace_delim": of(PETS),
    "xlsx_only": no("labels.xlsx.*spreadsheet.*CSV"),
    "yolo_detection": no("boxes as YOLO writes them.*does not learn these yet.*export"),
    "zero_width": of(PETS),
    "zip_gbk": of(EIGHTS, "letters"),
    "zip_sjis": of({"犬": 8, "猫": 8}, "letters"),
}


@pytest.fixture(scope="module")
def cases(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("cases")
    with tarfile.open(CASES, encoding="utf-8", errors="surrogateescape") as archive:
        archive.extractall(folder, filter="data")
    return folder


def test_every_case_is_expected(cases):
    assert {path.name for path in cases.iterdir()} == {*EXPECTED, *ELSEWHERE}


ELSEWHERE = {"predict_a_folder"}  # tests/core/commands


@pytest.mark.parametrize("name", EXPECTED)
def test_it_is_read_as_people_mean_it(cases, name):
    expected = EXPECTED[name]
    held = [path for path in (cases / name).iterdir() if not path.name.startswith("README")]
    given = held[0] if len(held) == 1 else cases / name
    if expected.refused:
        with pytest.raises(DataError) as caught:
            check(given)
        assert re.search(expected.refused, str(caught.value))
        return
    report = check(given)
    told = {one.kind for one in report.findings}
    assert report.classes == expected.classes and report.numbers is None
    assert (report.unlabelled is not None) == expected.several
    assert told >= set(expected.told) and not told & set(expected.silent)
    if expected.splits is not None:
        assert tuple(report.splits.values()) == expected.splits
