"""What pages ask of a task, without torch."""

from __future__ import annotations

import pytest

from core.tasks import TASKS
from core.tasks.scores import Scores

CLASSES = Scores(0.1, {"accuracy": 0.75})
LABELS = Scores(0.1, {"macro_f1": 0.8, "accuracy": 0.9, "exact_match": 0.6})
NUMBER = Scores(0.1, {"rmse": 3.0, "mae": 2.125, "r2": 0.9})


@pytest.mark.parametrize(
    ("scores", "examples", "said"),
    [
        (CLASSES, 48, "36 of 48 test images right"),
        (CLASSES, 0, "75.0% of the test images right"),
        (LABELS, 10, "6 of 10 test images with every label right"),
        (NUMBER, 1, "Off by 2.12 on average, on 1 test image"),
        (NUMBER, 0, "Off by 2.12 on average, on test images"),
    ],
)
def test_what_people_want_to_know(scores, examples, said):
    assert scores.task.headline(scores, "test", examples) == said


def test_how_much_was_gained_over_always_the_same():
    assert CLASSES.task.gain(CLASSES, Scores(0.5, {"accuracy": 0.5})) == pytest.approx(0.5)
    assert CLASSES.task.gain(CLASSES, None) is None
    assert CLASSES.task.gain(CLASSES, Scores(0.5, {"accuracy": 1.0})) is None
    assert NUMBER.task.gain(NUMBER, None) == 0.9


def test_what_is_solved_for_is_a_loss_of_the_task():
    for task in TASKS.values():
        assert task.convex_loss in (None, *task.losses) and bool(task.linear_model) == bool(task.convex_loss)
        assert task.has and task.constant_answer


@pytest.mark.parametrize(
    ("task", "names", "said"),
    [
        ("classes", ("ant", "bee"), (2, "2 classes")),
        ("classes", ("ant",), (1, "1 class")),
        ("labels", ("red", "round"), (2, "2 labels")),
        ("number", (), (1, "one number")),
        ("tokens", ("BOAT", "PORT"), (5, "2 types of entities")),
    ],
)
def test_a_head_says_what_it_tells(task, names, said):
    assert TASKS[task].head_of(names) == said
