"""Tables as people write them: what is between cells, what is above them, and numbers."""

from __future__ import annotations

import gzip

import pytest

from core.importing.importing import check
from core.importing.tables.cells import read_numbers, read_table
from tests.conftest import image

IMAGES = {f"img/{number}.jpg": image("red" if number % 2 else "blue", number) for number in range(12)}


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("file;kind;weight, g\n1.jpg;cat;0,5\n2.jpg;dog;1,5\n", ["file", "kind", "weight, g"]),
        ("Отчёт\n\nФайл;Вид;Вес, г\n1.jpg;кот;0,5\n2.jpg;пёс;1,5\n", ["Файл", "Вид", "Вес, г"]),
        ("file,tags\n1.jpg,a;b\n2.jpg,c\n3.jpg,a\n", ["file", "tags"]),
        ("label path\n1 cat 1.jpg\n2 dog 2.jpg\n3 cat 3.jpg\n", ["column 1", "label", "path"]),  # as R writes it
        ("#Image CLASS-ID BREED ID\na 1 2\nb 2 1\nc 1 2\nd 1 1\n", ["#Image", "CLASS-ID", "BREED"]),
        ("'file','label'\n'1.jpg','cat'\n'2.jpg','dog'\n", ["file", "label"]),
    ],
)
def test_what_is_between_cells_and_above_them(text, columns):
    assert list(read_table("t.csv", text.encode()))[:3] == columns


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (("1\u202f234,5", "2\u00a0000,0"), (1234.5, 2000)),
        (("1'234.50", "2’000.00"), (1234.5, 2000)),
        (("1 234,5 €", "12 000,0 €"), (1234.5, 12000)),
        (("$1,234.50", "$2,000.00"), (1234.5, 2000)),
        (("1 2", "3 4"), (None, None)),
    ],
)
def test_numbers_with_something_between_thousands(cells, numbers):
    found = read_numbers(cells)
    assert [None if found[cell] != found[cell] else found[cell] for cell in cells] == list(numbers)


def test_a_packed_table(make_zip):
    rows = "".join(f"{n}.jpg,{'cat' if n % 2 else 'dog'}\n" for n in range(12))
    report = check(make_zip(files={**IMAGES, "labels.csv.gz": gzip.compress(f"file,label\n{rows}".encode())}))
    assert report.classes == {"cat": 6, "dog": 6} and report.tables == ["labels.csv"]
