"""Files that are texts: a document each, or a text a line."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.importing.layout import split_in
from core.importing.tables.encodings import Decoded, decode_text, guess
from core.importing.texts.delimited import lines_of

NOT_TEXTS = {
    ".docx": "a Word file. Save it as plain text (.txt)",
    ".doc": "a Word file. Save it as plain text (.txt)",
    ".odt": "a document of LibreOffice. Save it as plain text (.txt)",
    ".rtf": "rich text (RTF). Save it as plain text (.txt)",
    ".pdf": "a PDF. Save its text as plain text (.txt)",
    ".epub": "a book (EPUB). Save its text as plain text (.txt)",
    ".pptx": "a presentation. Save its text as plain text (.txt)",
    ".xls": "a spreadsheet of an old form. Save it as CSV",
    ".ods": "a spreadsheet. Save it as CSV",
    ".numbers": "a spreadsheet. Save it as CSV",
    ".msg": "a mail of Outlook. Save it as plain text (.txt)",
    ".pkl": "a Python pickle, which may run code and is never opened. Save the table as CSV or Parquet",
    ".pickle": "a Python pickle, which may run code and is never opened. Save the table as CSV or Parquet",
    ".arrow": "a table in the form of Arrow. Save it as Parquet",
    ".feather": "a table in the form of Arrow. Save it as Parquet",
    ".sqlite": "a database. Save the table as CSV",
    ".db": "a database. Save the table as CSV",
    **dict.fromkeys((".zip", ".gz", ".7z", ".rar", ".tar", ".bz2", ".xz"), "an archive. Unpack it, then import again"),
}
_BEGINNINGS = (
    (b"%PDF-", NOT_TEXTS[".pdf"]),
    (b"{\\rtf", NOT_TEXTS[".rtf"]),
    (b"\xd0\xcf\x11\xe0", "a file of an old Office program. Save it as plain text (.txt) or CSV"),
    (b"PK\x03\x04", "packed (a Word file, or an archive). Save it as plain text (.txt), or unpack it"),
    (b"\x1f\x8b", NOT_TEXTS[".gz"]),
    (b"SQLite format 3", NOT_TEXTS[".db"]),
)
NO_TEXT = "It is no text: it holds bytes that no text has."
EMPTY = "There is no text in it."
CODE = (".py", ".js", ".css", ".sh", ".xml", ".yaml", ".yml", ".toml", ".ini", ".ipynb", ".bib", ".sql", ".h", ".c")
ABOUT = re.compile(
    r"(.*\b)?(readme|licen[cs]e|changelog)\b.*|(citation|copying|authors|notice|about|index|sources?|urls?)\b.*"
)
FEW_FILES, FEW_LINES = 20, 4  # files with so many lines may have a text a line
_LABELED = re.compile(r"((?:__label__\S+[\s,]+)+)(.+)", re.DOTALL)
_BEGUN = re.compile(r"([-+]?\d{1,2}|[A-Z]{2,}:\w+)\s+(\S.*)", re.DOTALL)


@dataclass(frozen=True)
class File:
    name: str
    data: bytes


def why_no_text(name: str, data: bytes) -> str:
    """Why a file is none, a sentence; "" if it may be one."""
    lower = name.lower()
    words = next((words for ending, words in NOT_TEXTS.items() if lower.endswith(ending)), "")
    words = words or next((words for begins, words in _BEGINNINGS if data.lstrip().startswith(begins)), "")
    if words:
        return f"It is {words}."
    begins = data[:4_000].rstrip(b"\0")
    odd = sum(byte < 32 and byte not in (9, 10, 12, 13, 27) for byte in begins)
    wide = begins[:2] in (b"\xff\xfe", b"\xfe\xff") or begins[1::2].count(0) > len(begins) / 3
    if not wide and odd > len(begins) / 20:
        return NO_TEXT
    return "" if data.strip(b" \t\r\n\0") else EMPTY


def may_be_document(name: str) -> bool:
    lower = posixpath.basename(name).lower()
    return not lower.endswith(CODE) and not ABOUT.fullmatch(lower)


def decoded(files: Sequence[File], encoding: str = "") -> tuple[list[str], Decoded | None]:
    """The texts of files, and how those were read that are no UTF-8: all of them alike, as one file has few letters
    that tell."""
    found: list[str | None] = [None] * len(files)
    strange: list[int] = []
    for number, file in enumerate(files):
        read = decode_text(file.data, encoding)
        if read.guessed:
            strange.append(number)
        else:
            found[number] = read.text
    if not strange:
        return [text or "" for text in found], None
    guessed = guess(files[number].data for number in strange)
    for number in strange:
        found[number] = decode_text(files[number].data, guessed).text
    examples = decode_text(b"\n".join(files[number].data for number in strange[:50])).examples
    return [text or "" for text in found], Decoded("", guessed, guessed=True, examples=examples)


def hold_lines(files: Sequence[File]) -> bool:
    """Whether each line of these is a text: a lone file, or a few with many lines each, side by side."""
    if len(files) == 1:
        return True
    folders = {posixpath.dirname(file.name) for file in files}
    lines = sorted(file.data.count(b"\n") for file in files)
    per_folder = len(files) / len(folders)
    named = all(split_in(stem_of(file.name)) for file in files)
    return len(files) <= FEW_FILES and (len(folders) == 1 or per_folder < 2 or named) and lines[0] >= FEW_LINES


def stem_of(name: str) -> str:
    return posixpath.basename(name).rsplit(".", 1)[0]


def lines_in(text: str) -> tuple[list[str], list[str] | None]:
    """The texts, and their answers as cells where each line begins with one: as fastText writes them, or with a short
    code that comes again and again."""
    lines = [line.strip() for line in lines_of(text) if line.strip()]
    found = [_LABELED.fullmatch(line) for line in lines]
    if lines and sum(map(bool, found)) > 0.9 * len(lines):
        whole = [match for match in found if match]
        cells = [[one.removeprefix("__label__") for one in re.split(r"[\s,]+", match[1]) if one] for match in whole]
        several = any(len(each) > 1 for each in cells)
        return [match[2] for match in whole], [json.dumps(each) if several else each[0] for each in cells]
    begun = [match for line in lines if (match := _BEGUN.fullmatch(line))]
    few = len({match[1] for match in begun}) <= max(2, len(lines) / 5)
    if few and len(lines) > 3 and len(begun) > 0.95 * len(lines):
        return [match[2] for match in begun], [match[1] for match in begun]
    return lines, None
