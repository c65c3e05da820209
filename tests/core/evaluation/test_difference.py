"""Two runs on the same examples: what is luck and what is not, where it is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from core.evaluation.answered import Answered
from core.evaluation.difference import difference
from core.modalities import IMAGE
from core.tasks import TASKS

CLASSES = ["ant", "bee"]


def answered(
    labels: list[str], said: list[str], images: list[str] | None = None, groups=None, names=tuple(CLASSES)
) -> Answered:
    many = len(labels)
    answers = pd.DataFrame(
        {
            "name": [f"{number}.png" for number in range(many)],
            "image": images or [str(number) for number in range(many)],
            "label": labels,
            "said": said,
            "probabilities": [0.1 + 0.8 * (np.array(names) == one) for one in said],
        }
    )
    spec = {"kind": "classes", "classes": list(names)}
    groups = np.arange(many) if groups is None else groups
    judged = TASKS["classes"].judge.judged(answers, spec, groups)
    return Answered("validation", IMAGE, TASKS["classes"], spec, answers, judged, None)


def right(many: int, of: int) -> list[str]:
    return ["ant"] * many + ["bee"] * (of - many)


def test_three_more_of_forty_can_be_luck():
    found = difference(answered(["ant"] * 40, right(35, 40)), answered(["ant"] * 40, right(32, 40)))
    assert (found.examples, found.gained, found.lost) == (40, 3, 0)
    assert found.chance == pytest.approx(binomtest(0, 3).pvalue)
    assert found.can_be_luck
    assert found.words == "3 more of 40 right: 87.5% instead of 80.0%. That can be luck (p = 0.25)."


def test_twelve_more_are_hardly_luck():
    found = difference(answered(["ant"] * 40, right(38, 40)), answered(["ant"] * 40, right(26, 40)))
    assert not found.can_be_luck
    assert found.gain > 0
    assert found.words.endswith("That is hardly luck (p < 0.001).")


def test_both_are_judged_by_the_mended_label():
    """The earlier run was said to be wrong about an example whose label was wrong itself."""
    before = answered(["bee", *["ant"] * 9], ["ant"] * 10)
    now = answered(["ant"] * 10, ["ant"] * 10)
    found = difference(now, before)
    assert found.relabeled == 1
    assert found.before.value == found.now.value == 1.0
    assert found.words.startswith("No difference on 10")


def test_only_what_both_were_asked_about_counts():
    now = answered(["ant"] * 4, ["ant"] * 4, images=["a", "b", "c", "x"])
    before = answered(["ant"] * 4, ["bee"] * 4, images=["c", "b", "a", "y"])
    assert difference(now, before).examples == 3
    assert difference(now, answered(["ant"], ["ant"], images=["z"])) is None


def test_copies_do_not_make_luck_look_like_skill():
    """Ten more right, but they are ten copies of one image."""
    groups = np.array([0] * 10 + list(range(1, 21)))
    labels = ["ant"] * 30
    found = difference(answered(labels, right(30, 30), groups=groups), answered(labels, ["bee"] * 10 + ["ant"] * 20))
    assert (found.gained, found.lost) == (10, 0)
    assert found.can_be_luck


def test_numbers_are_compared_by_their_errors():
    random = np.random.default_rng(0)
    truth = random.normal(size=200)

    def of(off: float) -> Answered:
        said = truth + random.normal(0, off, 200)
        names = [str(number) for number in range(200)]
        answers = pd.DataFrame({"name": names, "image": names, "target": truth, "said": said})
        judged = TASKS["number"].judge.judged(answers, {}, np.arange(200))
        return Answered("test", IMAGE, TASKS["number"], {}, answers, judged, None)

    better = difference(of(0.1), of(0.3))
    assert better.gain > 0 and not better.can_be_luck
    alarms = [not difference(of(0.3), of(0.3)).can_be_luck for _ in range(40)]
    assert sum(alarms) <= 5  # two are what is promised


def test_a_class_under_another_name_is_no_mistake_of_the_earlier_run():
    """`bee` is called `hornet` by now, and one label was mended besides."""
    said = ["ant"] * 20 + ["bee"] * 20
    before = answered(["ant"] * 21 + ["bee"] * 19, said)
    now = answered(["ant"] * 20 + ["hornet"] * 20, ["ant"] * 20 + ["hornet"] * 20, names=("ant", "hornet"))
    found = difference(now, before)
    assert found.now.value == found.before.value == 1.0
    assert found.relabeled == 1


def test_a_class_that_is_new_is_one_that_the_earlier_run_did_not_know():
    before = answered(["ant"] * 20 + ["bee"] * 20, ["ant"] * 20 + ["bee"] * 20)
    labels = ["ant"] * 20 + ["bee"] * 12 + ["hornet"] * 8
    found = difference(answered(labels, labels, names=("ant", "bee", "hornet")), before)
    assert (found.before.value, found.now.value) == (0.8, 1.0)


def test_a_bootstrap_tells_no_less_than_its_resamples_can():
    groups = np.repeat(np.arange(20), 5)
    found = difference(answered(["ant"] * 100, ["ant"] * 100, groups=groups), answered(["ant"] * 100, ["bee"] * 100))
    assert found.chance == pytest.approx(2 / 1001)
