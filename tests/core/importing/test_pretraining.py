"""Texts of a dataset without their answers; the whole way is in tests/core/training/test_language.py."""

from __future__ import annotations

import pytest

from core.commands import main
from core.data.dataset import UNLABELLED, find_dataset, list_datasets
from core.errors import DataError
from core.importing.importing import import_path
from core.importing.pretraining import for_pretraining, texts_to_read


@pytest.fixture
def labelled(workspace, tmp_path):
    lines = [f"some words number {number},{('good', 'bad', '')[number % 3]}" for number in range(36)]
    (tmp_path / "texts.csv").write_text("\n".join(["text,label", *lines, "some words number 2,"]))
    return import_path(workspace, tmp_path / "texts.csv")


def test_from_a_shell(workspace, labelled, capsys):
    assert main(["pretraining", labelled.name]) == 0
    (made,) = (one for one in list_datasets(workspace) if one.kind == "language")
    assert made.images == 12 + len(labelled.part("train"))  # the same text twice is read once
    assert "only-texts" in capsys.readouterr().err
    found = find_dataset(workspace, made.id)
    assert set(found.frame["goal"]) == {"its own words"} and texts_to_read(found) == 0


def test_what_was_kept_without_an_answer_may_be_damaged(workspace, labelled):
    (labelled.directory / UNLABELLED).write_bytes(b"no table")
    assert len(for_pretraining(workspace, labelled).frame) == len(labelled.part("train"))


def test_a_dataset_with_too_few_texts_is_refused(workspace, tmp_path):
    (tmp_path / "few.csv").write_text("text,label\none text,a\nanother text,b\na third,a\nfourth one,b")
    with pytest.raises(DataError, match="at least 10"):
        for_pretraining(workspace, import_path(workspace, tmp_path / "few.csv"))
