"""Excel's tables of texts: read where openpyxl is there, and what to do where it is not."""

from __future__ import annotations

import io
import zipfile

import pytest
from openpyxl import Workbook

from core.errors import DataError
from core.importing.importing import check
from core.importing.texts import spreadsheets

HEAD = ("text", "label", "score")
ROWS = [
    (f"=HYPERLINK({number}) or so, number {number}", ("good", "bad")[number % 2], number / 2) for number in range(16)
]


@pytest.fixture
def sheet(tmp_path):
    def made(rows=(HEAD, *ROWS), name="t.xlsx"):
        book = Workbook()
        book.active.title = "empty"
        for number, row in enumerate(rows, start=1):
            filled = book["Sheet2"] if "Sheet2" in book.sheetnames else book.create_sheet("Sheet2")
            for column, cell in enumerate(row, start=1):
                place = filled.cell(number, column, cell)
                place.data_type = "s" if isinstance(cell, str) else place.data_type  # as text, and no formula
        book.save(tmp_path / name)
        return tmp_path / name

    return made


def test_the_first_sheet_with_rows_is_read(sheet):
    report = check(sheet())
    assert report.classes == {"good": 8, "bad": 8} and report.tables == ["t.xlsx"]


def test_without_its_reader_a_sentence_says_what_to_do(sheet, monkeypatch):
    monkeypatch.setattr(spreadsheets, "can_be_read", lambda: False)
    with pytest.raises(DataError, match="pip install openpyxl.*save the sheet as CSV"):
        check(sheet())


def test_a_sheet_that_unpacks_to_very_much_is_refused(tmp_path):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(300 * 2**20))
    (tmp_path / "t.xlsx").write_bytes(file.getvalue())
    with pytest.raises(DataError, match="would unpack to"):
        check(tmp_path / "t.xlsx")
