"""A run begins: its recipe is checked and gets a directory of its own, and a worker."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.address_space import must_have_for_torch
from core.runs import expectations
from core.runs.checks import check_recipe, of_dataset
from core.runs.launching import check_devices, launch_worker
from core.runs.run import Run
from core.training.recipe import Recipe
from core.workspace import Workspace, new_id, write_json


def start(workspace: Workspace, recipe: Recipe, name: str | None = None, devices: int = 1) -> Run:
    """Check the recipe, give it a directory of its own and launch its worker.

    devices: of this machine to train on together. They share each batch, and change no result beyond rounding.

    Raises:
        RecipeError: everything that is wrong with the recipe, at once.
        RunError: so many devices cannot be meant. AddressSpaceError: the worker would not begin.
    """
    check_devices(devices)
    must_have_for_torch()
    run = make(workspace, recipe, name)
    with _or_nothing(run.directory):
        launch_worker(run.directory, devices)
    return run


@contextmanager
def _or_nothing(directory: Path) -> Iterator[None]:
    """Where the disk refuses, no half of a run is left."""
    try:
        yield
    except OSError:
        shutil.rmtree(directory, ignore_errors=True)
        raise


def make(workspace: Workspace, recipe: Recipe, name: str | None = None) -> Run:
    """The same without a worker, for who starts them otherwise, on several machines for instance: see `Run.torchrun`.

    Raises:
        RecipeError: everything that is wrong with the recipe, at once.
    """
    recipe = of_dataset(workspace, recipe)
    check_recipe(workspace, recipe)
    directory = workspace.runs / new_id(name or recipe.dataset, workspace.runs)
    directory.mkdir()
    with _or_nothing(directory):
        write_json(directory / "recipe.json", json.loads(recipe.model_dump_json()))
        expectations.keep(workspace, recipe, directory)
    return Run(workspace, directory)
