"""Texts in files that are never written again."""

from __future__ import annotations

import pandas as pd
import pytest

from core.errors import DataError
from core.modalities.texts import kept as places
from core.modalities.texts.kept import FILE, KeptTexts, stamp, write, write_more


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / "texts", pd.Series(["a", "b"]), pd.Series(["", "2"]))
    return tmp_path / "texts"


def test_further_texts_follow_those_that_are_there(folder):
    before, was = (folder / FILE).read_bytes(), stamp(folder / FILE)
    assert write_more(folder, [("c", ""), ("d", "4")]) == 2
    assert write_more(folder, [("e", "")]) == 4
    kept = KeptTexts(folder / FILE)
    assert kept[[4, 0, 3]] == [("e", ""), ("a", ""), ("d", "4")] and len(kept) == 5
    assert kept.containing("C").tolist() == [False, False, True, False, False]
    assert (folder / FILE).read_bytes() == before and stamp(folder / FILE) != was


def test_a_further_file_that_is_missing_is_told(folder):
    write_more(folder, [("c", "")])
    write_more(folder, [("d", "")])
    (folder / "more-000000000002.arrow").unlink()
    with pytest.raises(DataError, match="does not follow"):
        KeptTexts(folder / FILE)


def test_rows_of_several_blocks_come_in_the_order_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "BLOCK", 4)
    texts = pd.Series([f"text {number}" for number in range(11)])
    write(tmp_path, texts, pd.Series([str(number % 2) for number in range(11)]))
    write_more(tmp_path, [("more", "")])
    kept = KeptTexts(tmp_path / FILE)
    asked = [11, 3, 4, 0, 3, 10, 8]
    assert kept[asked] == [("more", ""), *((f"text {number}", str(number % 2)) for number in asked[1:])]
    assert kept[[]] == [] and [text for block in kept.blocks() for text, _ in block] == [*texts, "more"]
    with pytest.raises(DataError):
        kept[[12]]
