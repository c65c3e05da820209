"""How the images are divided between learning and testing, and the table; the measuring itself takes minutes."""

from __future__ import annotations

from benchmarks import accuracy
from benchmarks.accuracy import Measured, divide, table
from core.importing.importing import import_path


def test_each_seed_learns_from_as_many_other_images(workspace, make_zip, monkeypatch):
    monkeypatch.setattr(accuracy, "TEST", 8)
    dataset = import_path(workspace, make_zip({"red": 20, "blue": 20}))
    divided = [divide(workspace, dataset, seed, learn=20) for seed in (0, 1)]
    counts = [each.counts().sum() for each in divided]
    assert all(abs(found["test"] - 8) <= 1 and abs(found["validation"] - 4) <= 1 for found in counts)
    learned, others = (set(each.frame.loc[each.frame["split"] == "train", "name"]) for each in divided)
    assert learned != others


def test_a_third_of_a_small_set_is_tested(workspace, make_zip):
    dataset = import_path(workspace, make_zip({"red": 12, "blue": 12}))
    assert divide(workspace, dataset, 0, learn=100).counts().sum()["test"] == 8


def test_means_are_over_the_seeds_and_then_over_the_sets():
    cats = {"recommended": [Measured(1, 0.9), Measured(3, 0.7)], "fastai": [Measured(20, 0.5), Measured(40, 0.7)]}
    dogs = {"recommended": [Measured(4, 1.0)] * 2, "fastai": [Measured(50, 0.8)] * 2}
    lines = table({"cats": cats, "dogs": dogs})
    assert lines[0] == "| | Graft, Recommended | fastai | Graft, Recommended, s | fastai, s |"
    assert lines[2:] == [
        "| cats | 80.0% | 60.0% | 2.0 | 30.0 |",
        "| dogs | 100.0% | 80.0% | 4.0 | 50.0 |",
        "| **mean** | 90.0% | 70.0% | 3.0 | 40.0 |",
    ]
