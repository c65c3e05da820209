"""The commands that try a recipe before it runs."""

from __future__ import annotations

import json
import sys
import time
from argparse import Namespace
from dataclasses import asdict
from typing import Any

from core import jobs
from core.commands.following import SECONDS_BETWEEN_LOOKS
from core.commands.jobs import recipe_of
from core.commands.printing import ImportLine
from core.errors import RunError
from core.importing.importing import Progress
from core.jobs import Job
from core.runs import how_many
from core.runs.checks import check_recipe
from core.runs.scores import Scored
from core.tasks.scores import Scores
from core.training.recipe import Recipe
from core.training.trials.crossval_results import CrossValidation
from core.training.trials.probe_results import ON_ONE_DEVICE, Estimate, RateCurve
from core.workspace import Workspace


def estimate(options: Namespace) -> int:
    workspace, recipe = _recipe(options)
    found = Estimate(**_answer(workspace, recipe, "estimate", "Time and memory"))
    if options.json:
        print(json.dumps(asdict(found)))
        return 0
    memory = f", and up to {found.memory_bytes / 1e9:.1f} GB of memory" if found.memory_bytes else ""
    print(
        f"About {found.seconds:.0f} s on {found.device}: {found.preparing:.1f} s before the first epoch, then "
        f"{found.epoch:.2f} s an epoch{memory}." + (f" {ON_ONE_DEVICE}" if how_many() > 1 else "")
    )
    return 0


def lr_find(options: Namespace) -> int:
    workspace, recipe = _recipe(options)
    curve = RateCurve(**_answer(workspace, recipe, "learning rate", "Learning rate"))
    if options.json:
        print(json.dumps(asdict(curve)))
        return 0
    for rate, loss in zip(curve.rates, curve.losses):
        print(f"{rate:.3e}  {loss:.4f}")
    print(curve.words, file=sys.stderr)
    return 0


def crossval(options: Namespace) -> int:
    """What was stopped before goes on; what is there already is only said again."""
    workspace, recipe = _recipe(options)
    _answer(workspace, recipe, "crossval", "Cross-validation", folds=options.folds)
    found = CrossValidation.of(workspace, recipe, options.folds)
    if options.json:
        metrics = [metric.name for metric in found.metrics()]
        said = {
            "directory": str(found.directory),
            "folds": [{"best_epoch": fold.best_epoch, **_of(fold.held_out, metrics)} for fold in found.done],
            "mean": {name: found.mean(name) for name in metrics},
            "spread": {name: found.spread(name) for name in metrics},
        }
        print(json.dumps(said))
        return 0
    for number, fold in enumerate(found.done, start=1):
        held = Scored("validation", fold.held_out, found.held_out(number))
        print(f"Fold {number}: {held.worth}, loss {fold.held_out.loss:.4f}, at epoch {fold.best_epoch}")
    print(found.words)
    print(f"Each fold's curves and answers: {found.directory}", file=sys.stderr)
    return 0


def _of(scores: Scores, metrics: list[str]) -> dict[str, float | None]:
    return {name: scores.get(name) for name in metrics}


def _recipe(options: Namespace) -> tuple[Workspace, Recipe]:
    """
    Raises:
        GraftError: the options make no recipe that can be run here.
    """
    workspace = Workspace.open(options.workspace)
    recipe = recipe_of(workspace, options)
    check_recipe(workspace, recipe)
    return workspace, recipe


def _answer(workspace: Workspace, recipe: Recipe, kind: str, title: str, **more: int) -> dict[str, Any]:
    """What a job of this kind says about the recipe.

    Raises:
        GraftError: the job failed.
    """
    job = jobs.start(workspace, kind, title, recipe=recipe.model_dump_json(), **more)
    try:
        return _followed(job)
    except BaseException:
        job.stop()
        raise


def _followed(job: Job) -> dict[str, Any]:
    line = ImportLine()
    while (view := job.view()).running:
        line(Progress(view.phase, view.done, view.total))
        time.sleep(SECONDS_BETWEEN_LOOKS)
    if view.status != "done":
        raise RunError(view.message or "It was stopped.")
    return view.result
