"""A grid leads from each of its cells to the right examples."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from core.evaluation.grid import grid_of
from core.tasks import TASKS

GROUPS = np.arange(4)


def classes():
    rows = [("ant", [0.9, 0.1, 0.0]), ("ant", [0.1, 0.2, 0.7]), ("bee", [0, 1.0, 0]), ("cat", [0.6, 0.0, 0.4])]
    names = ("ant", "bee", "cat")
    answers = pd.DataFrame(
        {
            "name": list("wxyz"),
            "label": [label for label, _ in rows],
            "said": [names[int(np.argmax(chances))] for _, chances in rows],
            "probabilities": [np.array(chances) for _, chances in rows],
        }
    )
    judge = TASKS["classes"].judge
    return judge, judge.judged(answers, {"classes": list(names)}, GROUPS)


def labels():
    answers = pd.DataFrame(
        {
            "name": list("wxyz"),
            "labels": ["a", "a; b", "b", ""],
            "said": ["a", "a", "a; b", ""],
            "probabilities": [np.array(each) for each in ([0.9, 0.1], [0.8, 0.2], [0.7, 0.9], [0.1, 0.2])],
        }
    )
    judge = TASKS["labels"].judge
    return judge, judge.judged(answers, {"classes": ["a", "b"]}, GROUPS)


def entities():
    truth = [[[0, 3, "CITY"]], [[0, 3, "CITY"], [5, 9, "NAME"]], [[2, 6, "NAME"]], []]
    said = [[[0, 3, "CITY"]], [[0, 3, "NAME"]], [[2, 8, "NAME"]], [[0, 2, "CITY"]]]
    answers = pd.DataFrame(
        {
            "name": list("wxyz"),
            "entities": "",
            "said": "",
            "probability": 0.5,
            "spans": [json.dumps(each) for each in truth],
            "said_spans": [json.dumps(each) for each in said],
        }
    )
    judge = TASKS["tokens"].judge
    return judge, judge.judged(answers, {"types": ["CITY", "NAME"]}, GROUPS)


def test_classes_that_are_confused_lie_together():
    grid = grid_of(*classes())
    at = {name: place for place, name in enumerate(grid.rows)}
    assert abs(at["ant"] - at["cat"]) == 1 and grid.rows == grid.columns and grid.taken_for
    assert grid.counts[at["ant"], at["cat"]] == grid.counts[at["cat"], at["ant"]] == 1
    assert grid.find((at["ant"], at["cat"])).tolist() == [1]
    assert sorted(grid.find((at["ant"], None))) == [0, 1]
    assert sorted(grid.find((None, at["ant"]))) == [0, 3]
    assert {grid.rows[row] for row, _ in grid.worst()} == {"ant", "cat"}
    assert grid.shares[at["ant"]].sum() == 1


def test_labels_are_missed_or_spurious():
    grid = grid_of(*labels())
    a, b = grid.rows.index("a"), grid.rows.index("b")
    assert grid.columns == ("right", "missed", "spurious") and not grid.taken_for
    assert grid.counts[[a, b]].tolist() == [[2, 0, 1], [1, 1, 0]]
    assert grid.find((b, 1)).tolist() == [1] and grid.find((a, 2)).tolist() == [2]
    assert sorted(grid.find((a, None))) == [0, 1, 2]
    assert not grid.right[:, 1:].any() and grid.right[:, 0].all()


def test_entities_are_missed_spurious_or_of_a_wrong_border_or_type():
    judge, judged = entities()
    grid = grid_of(judge, judged)
    city, name = grid.rows.index("CITY"), grid.rows.index("NAME")
    assert grid.columns == ("right", "missed", "spurious", "wrong border", "wrong type")
    assert grid.counts[[city, name]].tolist() == [[1, 0, 1, 0, 1], [0, 1, 0, 1, 0]]
    assert grid.find((city, 4)).tolist() == [1] and grid.find((name, 3)).tolist() == [2]
    assert grid.find((city, 2)).tolist() == [3]
    each = judge.each(judged).set_index("name")
    counted = grid.counts[[city, name], 1:]
    assert counted.tolist() == each.loc[["CITY", "NAME"], ["missed", "spurious", "border", "type"]].to_numpy().tolist()


def test_numbers_have_no_grid():
    answers = pd.DataFrame({"name": ["a", "b"], "target": [1.0, 2.0], "said": [1.0, 2.5]})
    judge = TASKS["number"].judge
    judged = judge.judged(
        answers.rename(columns={"target": judge.truths[0]}), {"mean": 0.0, "deviation": 1.0}, GROUPS[:2]
    )
    assert grid_of(judge, judged) is None


@pytest.mark.parametrize(
    ("cell", "is_one"),
    [((0, 0), True), ([2, None], True), ((None, 2), True)]
    + [(each, False) for each in (None, (None, None), (0, 3), (-1, 0), (0,), "00", (0, "0"), (0.0, 1), (True, 0))],
)
def test_only_a_cell_a_row_or_a_column_of_it_is_one(cell, is_one):
    assert grid_of(*classes()).has(cell) == is_one
