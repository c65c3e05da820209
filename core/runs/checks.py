"""Whether a recipe can be run here and now: the checks that need more than the recipe itself."""

from __future__ import annotations

from pathlib import Path

from core.backbones.catalogue import find
from core.backbones.weights import source
from core.data.dataset import load_dataset
from core.errors import GraftError, RecipeError
from core.training.recipe import LOSSES, METRICS, Recipe
from core.workspace import Workspace


def check_recipe(workspace: Workspace, recipe: Recipe) -> None:
    """
    Raises:
        RecipeError: every problem at once, each with what to do.
    """
    problems = [*_dataset_problems(workspace, recipe), *_backbone_problems(workspace, recipe)]
    if problems:
        raise RecipeError(" ".join(problems))


def _dataset_problems(workspace: Workspace, recipe: Recipe) -> list[str]:
    try:
        dataset = load_dataset(workspace, recipe.dataset, recipe.dataset_version)
    except GraftError as error:
        return [str(error)]
    if len(dataset.part("train")) < 2:
        return ["The training part of this dataset has fewer than two images; lower the share of the other parts."]
    has = "classes" if dataset.kind == "classes" else "numbers"
    problems = []
    for what, given, fitting in (("loss", recipe.loss, LOSSES), ("best-by score", recipe.best_by, METRICS)):
        if given is not None and given not in fitting[dataset.kind]:
            allowed = " or ".join(fitting[dataset.kind])
            problems.append(
                f"The pictures of this dataset have {has}, so the {what} must be {allowed}, and not {given}."
            )
    return problems


def _backbone_problems(workspace: Workspace, recipe: Recipe) -> list[str]:
    try:
        info = find(recipe.backbone)
    except GraftError as error:
        return [str(error)]
    if recipe.weights_file is not None:
        there = Path(recipe.weights_file).is_file()
        return [] if there else [f"The weights file {recipe.weights_file!r} is not there any more. Choose another."]
    if source(info, workspace) == "download":
        return [
            f"The weights of {info.name} are not on this machine yet. Download them first, "
            f"on the Backbone page or with: python -m core backbones --download {info.name}"
        ]
    return []
