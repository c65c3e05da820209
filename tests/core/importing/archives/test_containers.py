"""Tables with the images inside."""

from __future__ import annotations

from base64 import b64encode

import pytest

from core.importing.importing import check
from tests.conftest import image


@pytest.mark.parametrize("before", ["data:image/jpeg;base64,", ""])
def test_images_as_text_in_a_csv(make_zip, before):
    rows = "".join(f'"{before}{b64encode(image("red", n)).decode()}",{"cat" if n % 2 else "dog"}\n' for n in range(8))
    report = check(make_zip(files={"labels.csv": f"image,label\n{rows}".encode()}))
    assert report.classes == {"cat": 4, "dog": 4}


def test_one_image_that_is_damaged_costs_no_other(make_zip):
    rows = [f"{b64encode(image('red', n)).decode()},{'cat' if n % 2 else 'dog'}\n" for n in range(8)]
    rows[3] = rows[3][:60] + ",cat\n"
    report = check(make_zip(files={"labels.csv": ("image,label\n" + "".join(rows)).encode()}))
    assert report.classes == {"cat": 3, "dog": 4} and any(one.kind == "left out" for one in report.findings)
