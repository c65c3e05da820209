"""Groups of examples, with one that is planted to be worse."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.data.tags import tag
from core.evaluation.answered import Answered
from core.evaluation.subgroups import brightness, columns_of, subgroups
from core.importing.importing import import_path
from core.modalities import IMAGE
from core.tasks import TASKS
from core.tasks.judging import Judged


def answered(right: np.ndarray, rows: pd.DataFrame | None = None) -> Answered:
    truth = np.zeros(len(right), np.int64)
    said = np.where(right, 0, 1)
    table = pd.DataFrame({"name": [str(n) for n in range(len(right))], "right": right, "wrong_by": 0.0})
    chances = np.stack([1.0 * (said == 0), 1.0 * (said == 1)], axis=1)
    judged = Judged(table, ("ant", "bee"), truth, said, chances, np.arange(len(right)))
    return Answered("test", IMAGE, TASKS["classes"], {"classes": ["ant", "bee"]}, table, judged, rows)


@pytest.fixture
def planted() -> tuple[np.ndarray, pd.Series]:
    """Of three cameras, the second is wrong half of the time."""
    camera = pd.Series(np.repeat(["a", "b", "c"], 40))
    right = np.ones(120, bool)
    right[40:80:2] = False
    return right, camera


def test_the_worst_group_comes_first_and_is_told(planted):
    right, camera = planted
    found = subgroups(answered(right), camera)
    assert [(each.name, each.examples, each.worse) for each in found][0] == ("b", 40, True)
    assert found[0].score.value == 0.5
    assert not any(each.worse for each in found[1:])


def test_numbers_become_ranges(planted):
    right, _ = planted
    found = subgroups(answered(right), pd.Series(np.arange(120.0)))
    assert [each.name for each in found] == ["30 to 59", "60 to 89", "0 to 29", "90 to 119"]
    assert [each.examples for each in found] == [30] * 4


def test_what_is_not_known_is_a_group(planted):
    right, camera = planted
    found = subgroups(answered(right), camera.where(camera != "b", ""))
    assert found[0].name == "not known"


def test_columns_of_a_dataset(workspace, make_zip):
    dataset = import_path(workspace, make_zip({"dark": 4, "light": 4}))
    found = columns_of(answered(np.ones(8, bool), dataset.frame), dataset)
    assert "split" in found
    assert set(found) <= {"split", "size in pixels", "shape", "contrast"}


def test_brightness_is_measured(workspace, tmp_path):
    from PIL import Image

    for label, grey in (("night", 20), ("day", 230)):
        (tmp_path / "set" / label).mkdir(parents=True)
        for number in range(3):
            drawn = np.full((40, 40, 3), grey, np.uint8)
            drawn[: 5 + number] = 255 - grey
            Image.fromarray(drawn).save(tmp_path / "set" / label / f"{number}.png")
    dataset = import_path(workspace, tmp_path / "set")
    bright = brightness(dataset, dataset.frame)
    assert bright[dataset.frame["label"] == "night"].max() < 40 < 60 < bright[dataset.frame["label"] == "day"].min()


def test_a_tag_is_a_group(workspace, make_zip):
    dataset = import_path(workspace, make_zip({"red": 8, "blue": 8}))
    names = dataset.frame["name"].tolist()
    tag(dataset, names[:4], "blurry")
    found = columns_of(answered(np.ones(16, bool), dataset.frame), dataset)
    assert found["blurry"].tolist() == ["tagged"] * 4 + ["not tagged"] * 12


def test_many_groups_that_are_all_alike_raise_few_alarms():
    """Thirty groups, all of them right for 80%: chance alone makes some look bad."""
    random, alarms = np.random.default_rng(4), 0
    for _ in range(40):
        found = subgroups(answered(random.random(1200) < 0.8), pd.Series(np.repeat(np.arange(30), 40).astype(str)))
        alarms += any(each.worse for each in found)
    assert alarms <= 5


def test_numbers_without_end_are_not_known():
    values = pd.Series([np.inf, -np.inf, *np.arange(118.0)])
    assert [each.examples for each in subgroups(answered(np.ones(120, bool)), values) if each.name == "not known"] == [
        2
    ]
