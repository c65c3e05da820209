"""What each kind of job goes through, and about how long it is: so that its progress is one, from click to end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from core.course import Course
from core.runs.expectations import expect
from core.training.process.events import PHASES
from core.training.recipe import Recipe
from core.workspace import Workspace

# Seconds, as far as they are alike in all; else how long each is beside the others. By the words of its phases, or how
# these begin.
Legs = dict[str, float]
STARTING = "Starting"
IMPORT: Legs = {STARTING: 1, "Opening": 1, "Checking": 10, "Looking for copies": 1, "Writing": 1}
PUBLISHED: Legs = {
    STARTING: 1,
    "Downloading": 10,
    "Unpacking": 1,
    "Checking": 10,
    "Looking for copies": 1,
    "Writing": 1,
}
SURVEY: Legs = {
    STARTING: 1,
    PHASES["loading"]: 4,
    "Reading": 2,
    "Looking with": 8,
    "Comparing": 1,
    "Doubting": 2,
    "Drawing": 2,
}
PROBE: Legs = {STARTING: 4, PHASES["loading"]: 1, PHASES["batch_size"]: 2, PHASES["reading"]: 1, PHASES["features"]: 2}
EVALUATE: Legs = {STARTING: 2, PHASES["loading"]: 3, "Asking": 10}
LEGS: dict[str, Legs] = {
    "import published": PUBLISHED,
    "import remote": PUBLISHED,
    "survey": SURVEY,
    "evaluate": EVALUATE,
    "estimate": {**PROBE, "Trying a few steps": 4},
    "learning rate": {**PROBE, "Trying learning rates": 6},
}


def course_of(workspace: Workspace, kind: str, arguments: Mapping[str, Any]) -> Course:
    """Before its first step."""
    if kind == "crossval":
        return Course.of(_folds(workspace, Recipe.parse(json.loads(arguments["recipe"])), arguments["folds"]))
    return Course.of(LEGS.get(kind, IMPORT), alike=True)


def leg_of(course: Course, phase: str) -> str:
    """Which leg a phase belongs to; itself, where to none."""
    return next((leg.name for leg in course.legs if phase.startswith(leg.name)), phase)


def _folds(workspace: Workspace, recipe: Recipe, folds: int) -> Legs:
    """What is frozen runs once for all of them."""
    seconds = expect(workspace, recipe).seconds
    first, others = sum(seconds.values()), seconds["training"] + seconds["finishing"]
    return {STARTING: 4.0} | {f"Fold {number} of": others if number > 1 else first for number in range(1, folds + 1)}
