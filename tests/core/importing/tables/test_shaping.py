"""Tables brought into one form: several columns or tables that say together what an image is."""

from __future__ import annotations

import pytest

from core.importing.importing import check
from tests.conftest import image

IMAGES = {f"img/{number}.jpg": image("red" if number % 2 else "blue", number) for number in range(12)}
PETS = {"cat": 6, "dog": 6}


def rows(of, count=12):
    return "".join(f"{of(number)}\n" for number in range(count)).encode()


def pet(number):
    return "cat" if number % 2 else "dog"


def test_the_folder_in_one_column_and_the_file_in_another(make_zip):
    files = {f"{site}/{n:04}.jpg": image("red", n + 6 * (site == "B")) for site in "AB" for n in range(6)}
    table = b"folder,filename,label\n" + rows(lambda n: f"{'AB'[n // 6]},{n % 6:04}.jpg,{pet(n)}")
    assert check(make_zip(files={**files, "labels.csv": table})).classes == PETS


@pytest.mark.parametrize("head", ["image,label1,label2", "image,tag_1,tag_2"])
def test_a_column_for_each_of_several_labels(make_zip, head):
    table = f"{head}\n".encode() + rows(lambda n: f"{n}.jpg,{('rust,scab', 'rust,', 'scab,')[n % 3]}")
    report = check(make_zip(files={**IMAGES, "labels.csv": table}))
    assert report.classes == {"rust": 8, "scab": 8} and report.unlabelled is not None


def test_coarse_and_fine_classes_are_not_several_labels(make_zip):
    table = b"image,label1,label2\n" + rows(lambda n: f"{n}.jpg,animal,{pet(n)}")
    assert check(make_zip(files={**IMAGES, "labels.csv": table})).unlabelled is None


def test_one_table_numbers_the_images_and_another_tells_of_them(make_zip):
    files = {"images.csv": b"image_id,file_name\n" + rows(lambda n: f"{900 + n},{n}.jpg")}
    files["labels.csv"] = b"image_id,class\n" + rows(lambda n: f"{900 + n},{pet(n)}")
    report = check(make_zip(files={**IMAGES, **files}))
    assert report.classes == PETS and report.numbers is None
    assert not [one for one in report.findings if one.kind == "left out"]


def test_classes_that_go_by_numbers_get_their_names(make_zip):
    files = {"labels.csv": b"file,class_id\n" + rows(lambda n: f"{n}.jpg,{n % 2}")}
    files["classes.csv"] = b"class_id,name\n0,dog\n1,cat\n"
    assert check(make_zip(files={**IMAGES, **files})).classes == PETS


def test_what_only_counts_the_rows_is_nothing_to_learn(make_zip):
    files = {
        f"{bird}/{bird}_{n}.jpg": image("red", n + 6 * k) for k, bird in enumerate(("finch", "owl")) for n in range(6)
    }
    table = "".join(f"{number} {name}\n" for number, name in enumerate(files, start=1)).encode()
    report = check(make_zip(files={**files, "images.txt": table}))
    assert report.classes == {"finch": 6, "owl": 6} and report.numbers is None


def test_who_is_on_it_where_nothing_else_is_said(make_zip):
    table = b"image,person\n" + rows(lambda n: f'{n}.jpg,"{("Smith, John", "Miller, Ann")[n % 2]}"')
    assert check(make_zip(files={**IMAGES, "t.csv": table})).classes == {"Miller, Ann": 6, "Smith, John": 6}
