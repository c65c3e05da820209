"""What a person asks about texts with."""

import pytest

from core.errors import DataError
from core.importing.texts.asked import asked, called, lines_of, texts_in


def test_a_file_of_lines_and_tables_give_their_texts(tmp_path):
    (tmp_path / "some.txt").write_text("one text\n\n  another \n")
    (tmp_path / "table.csv").write_text("id,note,stars\n1,what a fine day it was,5\n2,,3\n")
    (tmp_path / "pairs.csv").write_text("text,second\na cat,an animal\n")
    files = [str(tmp_path / name) for name in ("some.txt", "table.csv", "pairs.csv")]
    assert [text for _, text in asked([*files, "and this"])] == [
        *(("one text", ""), ("another", "")),
        ("what a fine day it was", ""),
        ("a cat", "an animal"),
        ("and this", ""),
    ]


def test_what_holds_no_text_is_said(tmp_path):
    with pytest.raises(DataError, match="no file"):
        asked(["missing.csv"])
    with pytest.raises(DataError, match="no file of texts"):
        texts_in("photo.jpg", b"x")
    with pytest.raises(DataError, match="There is no text"):
        texts_in("empty.txt", b"\n \n")


def test_more_texts_than_are_read_at_once_are_refused(monkeypatch):
    monkeypatch.setenv("GRAFT_MAX_ENTRIES", "2")
    with pytest.raises(DataError, match="3 texts, and 2"):
        lines_of("a\nb\nc")
    assert called(("a", "b")) == "a | b" and called(("a", "")) == "a"
