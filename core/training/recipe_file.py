"""A recipe as a small file to keep and to share: its settings as readable JSON, without a dataset.

It may name the backbone. The recipe.json of a run is such a file too. It comes from anywhere: nothing in it is trusted.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, BinaryIO

from core.backbones.libraries import find
from core.errors import BackboneError, RecipeError
from core.modalities import IMAGE, MODALITIES
from core.training.recipe import Recipe, misfits, usual_settings
from core.workspace import Workspace, atomic_open

MOST_BYTES = 100_000  # of a recipe, which has about 1,500


def to_text(recipe: Recipe) -> str:
    """The file: the backbone and every setting, a line each."""
    return json.dumps({"backbone": recipe.backbone, **recipe.settings()}, indent=2) + "\n"


def write(path: Path, recipe: Recipe) -> None:
    """
    Raises:
        RecipeError: the file cannot be written.
    """
    try:
        with atomic_open(path) as file:
            file.write(to_text(recipe))
    except OSError as error:
        raise RecipeError(f"The recipe cannot be written to {path} ({error.strerror}).") from error


def open_file(path: Path) -> dict[str, Any]:
    """What `read` gives, of a file on disk.

    Raises:
        RecipeError: as `read`, or there is no such file.
    """
    try:
        with open(path, "rb") as file:
            return read(file)
    except OSError as error:
        raise RecipeError(f"The recipe file {path} cannot be read ({error.strerror}).") from error


def read(file: BinaryIO) -> dict[str, Any]:
    """The settings in a file, and the backbone if it names one. Values are not checked yet: see `check`.

    Raises:
        RecipeError: it is too large, no JSON, or no JSON object.
    """
    text = file.read(MOST_BYTES + 1)
    if len(text) > MOST_BYTES:
        raise RecipeError(f"This is no recipe: it has more than {MOST_BYTES // 1000} kB, and a recipe has about two.")
    try:
        settings = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RecipeError(
            "This is no recipe: it is not JSON. A recipe is what Graft saves under that name, or a run's recipe.json."
        ) from error
    if not isinstance(settings, dict):
        raise RecipeError('This is no recipe: it should be settings between braces, such as {"epochs": 20}.')
    own = ("dataset", "dataset_version", "modality", "task")  # of the run whose recipe.json this is
    return {name: value for name, value in settings.items() if name not in own and (name, value) != _NO_WEIGHTS}


_NO_WEIGHTS = ("weights_file", None)


def check(given: dict[str, Any], kind: str, modality: str = IMAGE.name, workspace: Workspace | None = None) -> Recipe:
    """The recipe of what `read` gave, for a dataset of `kind` and of such examples. Its dataset is for the caller.

    workspace: where else than among the installed backbones to look for its own.

    Raises:
        RecipeError: a sentence for everything that is wrong with it.
    """
    settings = usual_settings(kind) | given
    place = {"dataset": "", "dataset_version": 1, "modality": modality, "task": kind}
    problems = Recipe.problems({"backbone": "", **settings, **place})
    problems |= misfits(given, kind, modality)
    if "weights_file" in given:
        problems["weights_file"] = "a file of weights lies on one machine only: take it out, and choose it on the page"
    if "backbone" in given and "backbone" not in problems:
        try:
            of = find(given["backbone"], workspace).modality
            if of != modality:
                nouns = (MODALITIES[each].noun for each in (of, modality))
                problems["backbone"] = "the backbone {} reads {}s, and this dataset has {}s".format(
                    given["backbone"], *nouns
                )
        except BackboneError as error:
            problems["backbone"] = str(error).rstrip(".?")
    if problems:
        said = "\n".join(f"- {problem[0].upper()}{problem[1:]}." for problem in problems.values())
        raise RecipeError(f"These settings cannot be used:\n{said}")
    return Recipe.parse({"backbone": "", **settings, **place})
