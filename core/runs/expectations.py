"""What a run will take, worked out when it is made and kept beside its recipe, so that its progress is one from the
beginning."""

from __future__ import annotations

from pathlib import Path

from core.data.dataset import SPLITS, Dataset, load_dataset
from core.runs.view import View
from core.training.pace import Expected, Pace, work_of
from core.training.recipe import Recipe
from core.training.trials.probe_results import Estimate
from core.workspace import Workspace

FILE = "expected.json"


def expect(workspace: Workspace, recipe: Recipe, dataset: Dataset | None = None, stages: int = 0) -> Expected:
    """By the runs before it, or as somebody has measured it.

    dataset: the recipe's, where it is at hand. stages: of the backbone, where they are known.

    Raises:
        GraftError: the dataset is not there any more.
    """
    dataset = dataset or load_dataset(workspace, recipe.dataset, recipe.dataset_version)
    train, validation, test = (dataset.sizes[split] for split in SPLITS)
    pace = Pace.of(workspace, recipe.backbone, work_of(workspace, recipe, dataset))
    expected = pace.expected(recipe, train, validation, test, stages)
    estimate = Estimate.kept(workspace, recipe)
    return expected.by(estimate, recipe.epochs) if estimate else expected


def keep(workspace: Workspace, recipe: Recipe, directory: Path) -> None:
    """For the run that is made in this directory."""
    expect(workspace, recipe).write(directory / FILE)
    Estimate.move(workspace, recipe, directory / "estimate.json")


def before(directory: Path) -> View:
    """The view before the first event: all is still to come."""
    expected = Expected.read(directory / FILE)
    return View(course=expected.course, images=expected.images)
