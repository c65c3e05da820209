"""`evaluate`: how good a run's model is, from a shell."""

from __future__ import annotations

import json
import math
import os
from argparse import Namespace
from pathlib import Path
from typing import Any

import pandas as pd

from core.address_space import must_have_for_torch
from core.commands.jobs import bundle_of, dataset_of
from core.commands.printing import ImportLine, printable
from core.data.dataset import load_dataset
from core.errors import GraftError, RunError
from core.evaluation.answered import Answered, answered, parts_of
from core.evaluation.asking import ask
from core.evaluation.intervals import Score, scores
from core.runs import Run
from core.words import number_of
from core.workspace import Workspace

PARTS = ("test", "validation")


def evaluate(options: Namespace) -> int:
    workspace = Workspace.open(options.workspace)
    run, bundle = bundle_of(workspace, options.run)
    found = _answered(workspace, run, bundle, options.on)
    all_of_it = scores(found.judged, found.judge.measures(found.judged))
    each = found.judge.each(found.judged)
    if options.json:
        print(json.dumps(_plain(found, all_of_it, each), ensure_ascii=False))
        return 0
    print(f"{_named(found.part)}, {number_of(len(found), found.noun)}")
    for score in all_of_it:
        print(f"  {score.metric.title}: {score.words}")
    if each is not None:
        columns = {name: name for name in each if name != "name"}
        shown = each.rename(columns={"name": found.task.noun, **columns})
        shown[found.task.noun] = shown[found.task.noun].map(printable)
        print(shown.to_string(index=False, float_format=lambda share: f"{share:.1%}", na_rep="-"))
    return 0


def _answered(workspace: Workspace, run: Run, bundle: Path, on: str) -> Answered:
    """on: a part, "" for the first that was kept, or another dataset: a path or what it is called."""
    if on in ("", *PARTS):
        part = on or next(iter(parts_of(bundle)), "")
        if not part:
            raise RunError(f"Run {run.id} kept no answers about its own dataset. Say --on PATH, a labeled set.")
        try:
            own = load_dataset(workspace, run.recipe.dataset, run.recipe.dataset_version)
        except GraftError:
            own = None
        return answered(bundle, own, part)
    must_have_for_torch()
    dataset = dataset_of(workspace, os.path.expanduser(on))
    return ask(workspace, bundle, dataset, ImportLine())


def _named(part: str) -> str:
    return f"The {part} part" if part in PARTS else "Another dataset"


def _plain(found: Answered, all_of_it: list[Score], each: pd.DataFrame | None) -> dict[str, Any]:
    return {
        "on": found.part,
        "examples": len(found),
        "scores": {
            score.metric.name: {"value": score.value, "low": score.low, "high": score.high} for score in all_of_it
        },
        "each": [] if each is None else [_numbers(row) for row in each.to_dict("records")],
    }


def _numbers(row: dict[Any, Any]) -> dict[str, Any]:
    """NaN is no JSON."""
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}
