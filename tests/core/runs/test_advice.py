"""The rules on curves that were recorded from real runs (curves/record.py), as they grew and when they were over."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from core.runs.advice import advice
from core.runs.view import Status, View
from core.training.process.events import read_events

CURVES = Path(__file__).parent / "curves"
ABSENT = {"time": 0.0, "note": "", "validation": None}  # what a recording leaves out

# What each shows when it is over, and words that its sentence or its advice must have.
LAST = {
    "textures-defaults": ("converged", "hardly moves any more"),
    "textures-short": ("improving", "train it for 5 epochs more"),
    "textures-no-validation": ("converged", "overfitting cannot be seen"),
    "textures-few": ("too_few_to_tell", "Only 6 validation images: each is 17%"),
    "textures-rate-1e-7": ("rate_too_low", "a higher one, for instance 1e-05"),
    "textures-sgd-10": ("rate_too_high", "a lower one, for instance 1"),
    "textures-free-sgd-10": ("rate_too_high", "a lower one"),
    "textures-wrong-labels": ("nothing_learned", "16% there, as by always answering"),
    "digits-defaults": ("converged", "hardly moves any more"),
    "digits-40-percent-wrong": ("underfitting", "If some labels may be wrong, look on Data"),
    "digits-hidden-long": ("overfitting", "since epoch 15"),
    "noise": ("nothing_learned", "always answering with the largest class"),
    "labels-defaults": ("converged", "hardly moves any more"),
    "labels-wrong": ("nothing_learned", "macro F1 61% there, as by always answering with the same yes or no"),
    "gauges-defaults": ("converged", "hardly moves any more"),
    "gauges-free": ("converged", "hardly moves any more"),
    "gauges-rate-1e-6": ("rate_too_low", "hardly moves"),
    "gauges-sgd-1": ("rate_too_high", "became infinite"),
}


@pytest.fixture
def recorded(tmp_path):
    """The views of a recorded run, one after each event while it trains, then the last word."""

    def views(name):
        lines = json.loads((CURVES / f"{name}.json").read_text())
        (tmp_path / name).write_text("".join(json.dumps(ABSENT | line) + "\n" for line in lines))
        view, looks = View(), []
        for moment, event in read_events(tmp_path / name)[0]:
            view = view.after(moment, event)
            looks.append(replace(view, status=Status(view.ended.status) if view.ended else Status.TRAINING))
        return looks

    return views


def kinds(views):
    """In order, each once."""
    said = [found.kind if (found := advice(view)) else None for view in views]
    return [kind for number, kind in enumerate(said) if number == 0 or said[number - 1] != kind]


@pytest.mark.parametrize("name", LAST)
def test_what_is_said_of_a_run_that_is_over(recorded, name):
    kind, words = LAST[name]
    said = advice(recorded(name)[-1])
    assert said.kind == kind
    assert words in f"{said.sentence} {said.todo}"
    assert "Change this run" not in said.todo or kind == "improving"  # nothing else can be changed any more


def test_each_recording_is_tried():
    assert {path.stem for path in CURVES.glob("*.json")} == set(LAST)


@pytest.mark.parametrize(
    ("name", "grew"),
    [
        ("digits-defaults", [None, "improving", "converged"]),
        ("digits-hidden-long", [None, "improving", "converged", "overfitting"]),
        ("digits-40-percent-wrong", [None, "improving", "underfitting"]),
        ("gauges-rate-1e-6", [None, "rate_too_low"]),
        ("textures-wrong-labels", [None, "improving", "nothing_learned"]),
    ],
)
def test_what_is_said_as_a_run_grows(recorded, name, grew):
    assert kinds(recorded(name)) == grew


@pytest.mark.parametrize("name", LAST)
def test_what_is_kept_is_never_called_overfitted(recorded, name):
    """One criterion: overfitting begins after the epoch whose weights are kept."""
    for view in recorded(name):
        said = advice(view)
        if said and (since := re.search(r"Overfitting since epoch (\d+)", said.sentence)):
            assert int(since[1]) > view.best_epoch


def test_nothing_is_said_of_two_epochs(recorded):
    assert [advice(view) for view in recorded("digits-defaults")[:3]] == [None] * 3


def test_a_run_at_work_is_told_what_can_be_changed(recorded):
    growing = recorded("digits-hidden-long")[-2]
    assert "You can stop and keep now" in advice(growing).todo
    assert "Lower it, for instance to 1: Change this run." in advice(recorded("textures-sgd-10")[-2]).todo


def test_each_kind_has_its_recording():
    assert {kind for kind, _ in LAST.values()} == {
        "rate_too_high",
        "rate_too_low",
        "nothing_learned",
        "too_few_to_tell",
        "overfitting",
        "improving",
        "underfitting",
        "converged",
    }


def scored(scores, accuracy):
    return replace(scores, values={**scores.values, "accuracy": accuracy})


def test_what_few_images_cannot_tell_from_luck_is_not_called_nothing(recorded):
    last = recorded("textures-few")[-1]
    rows = [replace(row, train=scored(row.train, 1.0), validation=scored(row.validation, 0.75)) for row in last.curve]
    half_right = replace(last, curve=type(last.curve)(rows), judged_on=12, naive=scored(last.naive, 0.5))
    assert advice(half_right).kind == "too_few_to_tell"
