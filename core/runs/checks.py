"""Whether a recipe can be run here and now: the checks that need more than the recipe itself."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core import trash
from core.backbones.info import BackboneInfo
from core.backbones.kept_stages import nothing_to_adapt
from core.backbones.libraries import Info, find, not_installed, source, stages_of, usual
from core.backbones.own_weights import suits
from core.data.dataset import Dataset, dataset_title, is_there, load_dataset
from core.errors import GraftError, RecipeError
from core.modalities import MODALITIES
from core.training.recipe import Recipe, misfits
from core.words import clip
from core.workspace import Workspace


def check_recipe(workspace: Workspace, recipe: Recipe) -> None:
    """
    Raises:
        RecipeError: every problem at once, each with what to do.
    """
    problems = [*_dataset_problems(workspace, recipe), *_backbone_problems(workspace, recipe)]
    if recipe.weights_file is not None and not problems:
        try:
            info = find(recipe.backbone, workspace)
            assert isinstance(info, BackboneInfo)  # else it was told of
            suits(info, workspace, Path(recipe.weights_file))
        except GraftError as error:
            problems = [str(error)]
    if problems:
        raise RecipeError(" ".join(problems))


def of_dataset(workspace: Workspace, recipe: Recipe) -> Recipe:
    """The same, which says what examples and answers its dataset has; as it is, where that cannot be read."""
    try:
        dataset = load_dataset(workspace, recipe.dataset, recipe.dataset_version)
    except GraftError:
        return recipe
    return recipe.model_copy(update={"modality": dataset.modality.name, "task": dataset.kind})


@dataclass(frozen=True)
class Mismatch:
    """Why a backbone cannot learn from a dataset. instead: one that can, "" where there is none."""

    sentence: str
    instead: str


def mismatch(info: Info, dataset: Dataset) -> Mismatch | None:
    """None, where backbone, examples and answers go together, as far as can be told without the network."""
    mine, task = dataset.modality, dataset.task
    if mine.name not in task.modalities:
        return Mismatch(
            f"This dataset has {mine.noun}s, from which {task.plural} cannot be learned. Choose another.", ""
        )
    if info.modality == mine.name:
        return None
    instead = usual(mine.name)
    other = f"such as {instead}" if instead else "on the Backbone page"
    said = f"The backbone {info.name} reads {MODALITIES[info.modality].noun}s, and this dataset has {mine.noun}s."
    return Mismatch(f"{said} Choose one that reads {mine.noun}s, {other}.", instead)


def obstacle(workspace: Workspace, recipe: Recipe) -> str:
    """Why a run of this recipe, once made, cannot go on: what it needs is gone. Quick, and empty if nothing is in its
    way."""
    problems = _backbone_problems(workspace, recipe, "Download them first.")
    if not is_there(workspace, recipe.dataset, recipe.dataset_version):
        title = clip(dataset_title(workspace, recipe.dataset), 60)
        back = " Take it back from the trash first." if trash.find(workspace, "dataset", recipe.dataset) else ""
        problems.insert(0, f"The run cannot go on: its dataset {title!r} was deleted.{back}")
    return " ".join(problems)


def _dataset_problems(workspace: Workspace, recipe: Recipe) -> list[str]:
    try:
        dataset = load_dataset(workspace, recipe.dataset, recipe.dataset_version)
    except GraftError as error:
        return [str(error)]
    if dataset.sizes["train"] < 2:
        few = f"fewer than two {dataset.modality.noun}s"
        return [f"The training part of this dataset has {few}; lower the share of the other parts."]
    with suppress(GraftError):  # told of with the backbone
        if found := mismatch(find(recipe.backbone, workspace), dataset):
            return [found.sentence]
    unfit = misfits(recipe.settings(), dataset.kind, dataset.modality.name).values()
    return [f"{said[0].upper()}{said[1:]}." for said in unfit]


def resolution_problem(recipe: Recipe, workspace: Workspace | None = None) -> str | None:
    """Why the backbone cannot look at images of this size; it is tried, without its weights."""
    info = find(recipe.backbone, workspace)
    if not isinstance(info, BackboneInfo) or recipe.resolution in (None, info.input_size):
        return None
    from core.backbones.model import describe  # which brings torch

    try:
        describe(info.fitted(recipe.fit, recipe.resolution))
    except GraftError as error:
        return str(error)
    return None


def _backbone_problems(workspace: Workspace, recipe: Recipe, todo: str = "") -> list[str]:
    """todo: what to do where weights are missing; if not given, said as for a shell."""
    try:
        info = find(recipe.backbone, workspace)
    except GraftError as error:
        return [str(error)]
    if problem := resolution_problem(recipe, workspace):
        return [problem]
    if recipe.adapters != "none" and (problem := _adapters_problem(workspace, info, recipe)):
        return [problem]
    if recipe.weights_file is not None and not isinstance(info, BackboneInfo):
        return [f"{info.name} is trained with its own weights. Leave out the weights file."]
    if recipe.weights_file is not None:
        there = Path(recipe.weights_file).is_file()
        return [] if there else [_no_weights(workspace, Path(recipe.weights_file))]
    if source(info, workspace) == "absent":
        return [not_installed(info)]
    if source(info, workspace) == "download":
        shell = f"on the Backbone page or with: python -m core backbones --download {info.name}"
        return [f"The weights of {info.name} are not on this machine. {todo or f'Download them first, {shell}'}"]
    return []


def _adapters_problem(workspace: Workspace, info: Info, recipe: Recipe) -> str | None:
    """Why there is nothing to put adapters on; None where the network cannot be looked at yet."""
    try:
        stages = stages_of(info, workspace)
    except GraftError:
        return None
    freeze = recipe.freeze if isinstance(recipe.freeze, int) else len(stages)
    return nothing_to_adapt(info.name, stages, recipe.adapters, freeze)


def _no_weights(workspace: Workspace, path: Path) -> str:
    if title := trash.last_title(workspace, "weights", path.name):
        return f"Its weights file {clip(title, 60)!r} was deleted. Take it back from the trash, or choose another."
    return f"The weights file {str(path)!r} is not there any more. Choose another."
