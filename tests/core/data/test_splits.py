"""Who trains, who validates."""

from __future__ import annotations

from collections import Counter

import pytest

from core.data.splits import SplitSettings, complete, stratified

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


def test_a_given_split_is_kept():
    given = ["train", "train", "validation", "test"]
    assert complete(list("aabb"), given) == (given, SplitSettings(given=True))


def test_a_missing_validation_is_taken_from_training_and_never_from_test():
    labels = ["a", "b"] * 10
    splits, settings = complete(labels, ["train"] * 16 + ["test"] * 4)
    assert splits[16:] == ["test"] * 4 and settings.given
    assert Counter(zip(labels[:16], splits[:16]))[("a", "validation")] == 2


@pytest.mark.parametrize("given", [[None] * 10, ["validation"] * 10, ["test"] * 5 + ["validation"] * 5])
def test_what_leaves_nothing_to_train_on_is_split_anew(given):
    splits, settings = complete(["a", "b"] * 5, given)
    assert Counter(splits) == {"train": 8, "validation": 2} and not settings.given
