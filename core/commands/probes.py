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
from core.data.importing import Progress
from core.errors import RunError
from core.jobs import Job
from core.runs.checks import check_recipe
from core.training.probe_results import Estimate, RateCurve
from core.workspace import Workspace


def estimate(options: Namespace) -> int:
    found = Estimate(**_answer(options, "estimate", "Time and memory"))
    if options.json:
        print(json.dumps(asdict(found)))
        return 0
    memory = f", and up to {found.memory_bytes / 1e9:.1f} GB of memory" if found.memory_bytes else ""
    print(
        f"About {found.seconds:.0f} s on {found.device}: {found.preparing:.1f} s before the first epoch, then "
        f"{found.epoch:.2f} s an epoch{memory}."
    )
    return 0


def lr_find(options: Namespace) -> int:
    curve = RateCurve(**_answer(options, "learning rate", "Learning rate"))
    if options.json:
        print(json.dumps(asdict(curve)))
        return 0
    for rate, loss in zip(curve.rates, curve.losses):
        print(f"{rate:.3e}  {loss:.4f}")
    print(curve.words, file=sys.stderr)
    return 0


def _answer(options: Namespace, kind: str, title: str) -> dict[str, Any]:
    """What a job of this kind says about the recipe that the options make.

    Raises:
        GraftError: the recipe cannot be run here, or the job failed.
    """
    workspace = Workspace.open(options.workspace)
    recipe = recipe_of(workspace, options)
    check_recipe(workspace, recipe)
    job = jobs.start(workspace, kind, title, recipe=recipe.model_dump_json())
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
