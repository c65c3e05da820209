"""The learning rate as it is drawn before a run."""

import pytest

from core.training.recipe import Recipe
from ui.training.schedule import schedule_figure, sentences

STAGES = 4


def _recipe(**settings):
    given = {"dataset": "d", "dataset_version": 1, "backbone": "b", "learning_rate": 0.1, "epochs": 10}
    return Recipe(**(given | settings))


def _drawn(recipe):
    return {line.name: dict(zip(line.x, line.y)) for line in schedule_figure(recipe, STAGES).data}


def test_one_line_where_all_learn_at_one_rate():
    lines = _drawn(_recipe(schedule="cosine", freeze=0))
    assert list(lines) == ["Learning rate"]
    assert lines["Learning rate"][0.0] == 0.1
    assert lines["Learning rate"][5.0] == pytest.approx(0.05)


def test_a_line_for_each_stage_that_learns_at_its_own_rate_from_when_it_is_free():
    lines = _drawn(
        _recipe(
            freeze=2, unfreeze="gradually", head_epochs=2, unfreeze_rate=0.5, rate_per_stage=0.5, schedule="constant"
        )
    )
    assert list(lines) == ["Stage 3", "Stage 4", "Head"]
    assert [lines[name][1.0] for name in lines] == [None, None, 0.1]
    assert [lines[name][2.5] for name in lines] == [None, 0.025, 0.05]
    assert [lines[name][9.0] for name in lines] == [0.0125, 0.025, 0.05]


def test_a_dotted_line_where_stages_join():
    figure = schedule_figure(_recipe(freeze=0, unfreeze="after_head", head_epochs=3), STAGES)
    assert [shape.x0 for shape in figure.layout.shapes] == [3]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, []),
        (
            {"freeze": 0, "unfreeze": "after_head", "head_epochs": 1},
            ["Epoch 1: only the head learns; Epochs 2 to 10: the head and every stage."],
        ),
        (
            {"freeze": 1, "unfreeze": "gradually", "head_epochs": 1},
            [
                "Epoch 1: only the head learns; Epoch 2: the head and the last 1 stage; "
                "Epochs 4 to 10: the head and the last 3 stages."
            ],
        ),
        (
            {"schedule": "plateau", "step_epochs": 2},
            ["It falls to 0.1 times itself after each 2 epochs without improvement."],
        ),
    ],
)
def test_what_the_lines_cannot_show_is_said(settings, said):
    assert sentences(_recipe(**settings), STAGES) == said
