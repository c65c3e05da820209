"""Every score says on how many images it is, and whether it chose something."""

from dataclasses import replace

import pytest

from core.runs.scores import Scored, best_of, scored, verdict
from core.runs.view import View
from core.tasks.scores import Scores
from core.training.process.events import Baseline
from tests.pages.made_runs import finished, made_run

LABELS = "6 of 10 test images with every label right"
NOW = replace(finished(), judged_on=40, chosen=True)


def test_one_from_before_they_said_so_chose_its_epoch(workspace):
    assert best_of(made_run(workspace, "x", finished()).view()) == (
        "validation accuracy 91.4% on 4 images, which chose the epoch"
    )


def test_a_single_epoch_is_no_choice(workspace):
    assert "chose" not in best_of(made_run(workspace, "x", finished(1), epochs=1).view())


def test_the_test_part_comes_first_and_chose_nothing(workspace):
    ended = replace(NOW, test=Scores(0.3, {"accuracy": 0.9}), tested_on=50)
    found = scored(made_run(workspace, "x", ended).view())
    assert [each.words for each in found] == [
        "test accuracy 90.0% on 50 images",
        "validation accuracy 91.4% on 40 images, which chose the epoch",
    ]


def test_a_head_that_is_solved_for_was_not_chosen(workspace):
    assert best_of(made_run(workspace, "x", replace(NOW, chosen=False)).view()).endswith("91.4% on 40 images")


def test_nothing_is_said_before_there_is_a_score():
    assert best_of(View()) == ""


@pytest.mark.parametrize(
    ("scored", "said"),
    [
        (Scored("validation", Scores(0.1, {"accuracy": 1.0}), 48), "48 of 48 validation images right"),
        (Scored("test", Scores(0.1, {"accuracy": 0.5}), 1), "0 of 1 test image right"),
        (Scored("test", Scores(0.1, {"accuracy": 0.951}), 0), "95.1% of the test images right"),
        (
            Scored("test", Scores(0.1, {"macro_f1": 0.8, "accuracy": 0.9, "exact_match": 0.6}), 10),
            "6 of 10 test images with every label right",
        ),
        (
            Scored("validation", Scores(0.1, {"rmse": 3.0, "mae": 2.125}), 10),
            "Off by 2.12 on average, on 10 validation images",
        ),
    ],
)
def test_what_people_want_to_know(scored, said):
    assert scored.headline == said


def ended_with(accuracy, baseline, frozen=9):
    ended = replace(NOW, validation=Scores(0.1, {"accuracy": accuracy}))
    simple = Scores(0.5, {"accuracy": baseline})
    return View(ended=ended, baseline=Baseline(simple, Scores(0.5, {"accuracy": 0.1}), 0.1), stages=9, frozen=frozen)


@pytest.mark.parametrize(
    ("accuracy", "frozen", "beats", "sentence", "todo"),
    [
        (0.95, 9, True, "Better than what the frozen backbone gives", ""),
        (1.0, 9, True, "Better than what the frozen backbone gives", ""),
        (0.85, 7, False, "It does not beat what the frozen backbone gives", "Freeze more stages"),
        (0.85, 9, False, "accuracy 90.0%", "Free the last stage or two"),
        (0.91, 9, False, "that is as it should be", "Free the last stage or two"),
        (0.90, 7, False, "gained nothing", "Freeze more stages"),
    ],
)
def test_a_run_that_does_not_beat_what_needs_no_training_says_so_and_what_to_try(
    accuracy, frozen, beats, sentence, todo
):
    found = verdict(ended_with(accuracy, 0.9, frozen))
    assert found.beats == beats and sentence in found.sentence and todo in found.todo and bool(found.todo) != beats


def test_where_all_is_right_nothing_is_to_be_tried():
    view = replace(
        ended_with(1.0, 0.9), baseline=Baseline(Scores(0.1, {"accuracy": 1.0}), Scores(0.1, {"accuracy": 1.0}), 0.1)
    )
    assert verdict(view).beats and "nothing left to gain" in verdict(view).sentence


def test_without_anything_to_beat_nothing_is_said():
    assert verdict(View(ended=NOW)) is None
