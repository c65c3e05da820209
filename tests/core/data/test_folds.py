"""Folds: everyone is held out once, classes are spread evenly, and what belongs together stays together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.data.folds import folds_of, held_out
from core.errors import DataError
from core.importing.importing import import_path


@pytest.fixture
def dataset(workspace, make_zip):
    return import_path(workspace, make_zip({"red": 20, "blue": 10}))


def test_every_fold_has_its_share_of_every_class(dataset):
    folds = folds_of(dataset, 5)
    for label, share in (("red", 4), ("blue", 2)):
        assert np.bincount(folds[dataset.frame["label"] == label]).tolist() == [share] * 5


def test_everyone_but_the_test_part_is_held_out_once(dataset):
    frame = dataset.frame.assign(split=["test", *["train"] * 29])
    dataset = replace(dataset, frame=frame)
    folds = folds_of(dataset, 3)
    assert folds[0] == -1 and set(folds[1:]) == {0, 1, 2}
    parts = [held_out(dataset, folds, fold) for fold in range(3)]
    names = [name for part in parts for name in part.part("validation")["name"]]
    assert sorted(names) == sorted(frame["name"][1:])
    assert all(len(part.part("test")) == 1 for part in parts)
    assert len(parts[0].part("train")) + len(parts[0].part("validation")) == 29


def test_groups_and_twins_stay_together(dataset):
    groups = [f"patient {number // 6}" for number in range(30)]
    dataset = replace(dataset, frame=dataset.frame.assign(group=groups))
    folds = folds_of(dataset, 5)
    assert all(len(set(folds[start : start + 6])) == 1 for start in range(0, 30, 6))
    assert set(folds) == {0, 1, 2, 3, 4}
    with pytest.raises(DataError, match="5 can be made. Choose fewer"):
        folds_of(dataset, 6)


@pytest.mark.parametrize("folds", [1, 21])
def test_how_many_there_can_be(dataset, folds):
    with pytest.raises(DataError, match="2 to 20"):
        folds_of(dataset, folds)


def test_the_seed_alone_decides(dataset):
    assert (folds_of(dataset, 5, 1) == folds_of(dataset, 5, 1)).all()
    assert (folds_of(dataset, 5, 1) != folds_of(dataset, 5, 2)).any()
