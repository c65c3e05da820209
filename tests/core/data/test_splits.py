"""Who trains, who validates."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from core.data.splits import SplitSettings, complete, split_rows, stratified
from core.tasks import CLASSIFICATION, REGRESSION

LABELS = ["cats"] * 50 + ["dogs"] * 20 + ["owl"] * 3 + ["pair"] * 2 + ["lone"]


def by_class(splits):
    return {label: Counter(s for name, s in zip(LABELS, splits) if name == label) for label in set(LABELS)}


def test_each_class_is_divided_by_the_shares():
    counts = by_class(stratified(LABELS, SplitSettings(validation=0.2, test=0.1)))
    assert counts["cats"] == {"train": 35, "validation": 10, "test": 5}
    assert counts["dogs"] == {"train": 14, "validation": 4, "test": 2}


@pytest.mark.parametrize("shares", [(0.05, 0.0), (0.2, 0.0), (0.5, 0.4), (0.9, 0.0)])
def test_small_classes_have_someone_to_learn_from_and_to_be_judged_by(shares):
    counts = by_class(stratified(LABELS, SplitSettings(validation=shares[0], test=shares[1])))
    for label in ("cats", "dogs", "owl", "pair"):
        assert counts[label]["train"] >= 1 and counts[label]["validation"] >= 1
    assert counts["lone"] == {"train": 1}


def test_the_seed_alone_decides():
    first, again, other = (stratified(LABELS, SplitSettings(seed=seed)) for seed in (3, 3, 4))
    assert first == again != other
    assert Counter(first) == Counter(other)


@pytest.mark.parametrize("wrong", [{"validation": 0.6, "test": 0.4}, {"validation": -0.1}, {"seed": -1}])
def test_impossible_shares_are_refused(wrong):
    with pytest.raises(ValueError):
        SplitSettings(**wrong)


def rows(labels, given=None, group=None, twins=None, target=None):
    count = len(labels)
    return pd.DataFrame(
        {
            "label": labels,
            "given": given or [""] * count,
            "group": group or [""] * count,
            "twins": twins or [0] * count,
            "target": target or [float("nan")] * count,
        }
    )


def test_a_given_split_is_kept():
    given = ["train", "train", "validation", "test"]
    assert complete(rows(list("aabb"), given), CLASSIFICATION) == (given, SplitSettings(given=True))


def test_a_missing_validation_is_taken_from_training_and_never_from_test():
    labels = ["a", "b"] * 10
    splits, settings = complete(rows(labels, ["train"] * 16 + ["test"] * 4), CLASSIFICATION)
    assert splits[16:] == ["test"] * 4 and settings.given
    assert Counter(zip(labels[:16], splits[:16]))[("a", "validation")] == 2


@pytest.mark.parametrize("given", [[""] * 10, ["validation"] * 10, ["test"] * 5 + ["validation"] * 5])
def test_what_leaves_nothing_to_train_on_is_split_anew(given):
    splits, settings = complete(rows(["a", "b"] * 5, given), CLASSIFICATION)
    assert Counter(splits) == {"train": 8, "validation": 2} and not settings.given


@pytest.mark.parametrize("seed", range(5))
def test_groups_and_twins_never_straddle(seed):
    random = np.random.default_rng(seed)
    labels = [str(random.integers(3)) for _ in range(200)]
    group = [f"p{random.integers(30)}" if random.random() < 0.7 else "" for _ in labels]
    twins = [int(random.integers(1, 20)) if random.random() < 0.2 else 0 for _ in labels]
    frame = rows(labels, group=group, twins=twins)
    frame["split"] = split_rows(frame, CLASSIFICATION, SplitSettings(validation=0.3, test=0.1, seed=seed))
    assert frame[frame["group"] != ""].groupby("group")["split"].nunique().max() == 1
    assert frame[frame["twins"] > 0].groupby("twins")["split"].nunique().max() == 1
    assert set(frame["split"]) >= {"train"}


def test_small_groups_give_nearly_the_share_that_was_asked_for():
    frame = rows(["a", "b"] * 150, group=[f"p{number // 3}" for number in range(300)])
    splits = Counter(split_rows(frame, CLASSIFICATION, SplitSettings(validation=0.2, test=0.1)))
    assert 54 <= splits["validation"] <= 72 and 27 <= splits["test"] <= 42


def test_groups_larger_than_any_share_leave_some_to_validate_all_the_same():
    frame = rows(["a"] * 10 + ["b"] * 10, group=[f"p{number // 5}" for number in range(20)])
    splits = split_rows(frame, CLASSIFICATION, SplitSettings(validation=0.2))
    assert Counter(splits[:10]) == Counter(splits[10:]) == {"train": 5, "validation": 5}


def test_numbers_are_divided_evenly_over_their_range():
    target = [float(number) for number in range(100)]
    splits = split_rows(rows([""] * 100, target=target), REGRESSION, SplitSettings(validation=0.2))
    assert Counter(splits)["validation"] == 20
    assert [Counter(splits[low : low + 10])["validation"] for low in range(0, 100, 10)] == [2] * 10


@pytest.mark.parametrize("count", [5, 10, 20, 35, 99])
def test_few_numbers_give_the_share_that_was_asked_for_too(count):
    target = [float(number) for number in range(count)]
    splits = split_rows(rows([""] * count, target=target), REGRESSION, SplitSettings(validation=0.2))
    assert 0.15 < Counter(splits)["validation"] / count < 0.25
