"""What jobs there are: a function each, from the job's arguments to its result, a small dictionary for the page."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from core.data.dataset import Dataset, find_dataset
from core.errors import RunError
from core.importing.drafts.drafts import load_draft
from core.importing.drafts.making import draft_source
from core.importing.importing import import_path, import_sample, import_source, memory_for
from core.importing.merging import merged_source, subset_source
from core.importing.pretraining import for_pretraining
from core.importing.remote.fetched import import_remote
from core.importing.samples.published import import_published
from core.jobs import asking
from core.processes import limited_memory
from core.progress import OnProgress, Progress
from core.training.process.events import PHASES
from core.training.recipe import Recipe
from core.workspace import Workspace


def path(
    workspace: Workspace,
    progress: OnProgress,
    *,
    path: str,
    name: str | None = None,
    reading: str | None = None,
    directory: str = "",
) -> dict[str, Any]:
    """reading: as `asking.said` writes one. directory: the job's, if someone can be asked how it is to be read."""
    said = asking.read(reading) if reading else None
    asks = partial(asking.ask, Path(directory)) if directory else None
    with limited_memory(memory_for(Path(path))):
        return _dataset(import_path(workspace, Path(path), name=name, progress=progress, reading=said, ask=asks))


def remote(
    workspace: Workspace,
    progress: OnProgress,
    *,
    given: str,
    part: str = "",
    name: str | None = None,
    reading: str | None = None,
    directory: str = "",
) -> dict[str, Any]:
    """given, part: as `import_remote` takes them. The rest as for `path`."""
    said = asking.read(reading) if reading else None
    asks = partial(asking.ask, Path(directory)) if directory else None
    with ExitStack() as stack:

        def begins(fetched: Path) -> None:
            stack.enter_context(limited_memory(memory_for(fetched)))

        made = import_remote(
            *(workspace, given, part), name=name, progress=progress, reading=said, ask=asks, begins=begins
        )
    return _dataset(made)


def sample(workspace: Workspace, progress: OnProgress, *, key: str) -> dict[str, Any]:
    return _dataset(import_sample(workspace, key, progress=progress))


def published(workspace: Workspace, progress: OnProgress, *, key: str) -> dict[str, Any]:
    return _dataset(import_published(workspace, key, progress=progress))


def draft(workspace: Workspace, progress: OnProgress, *, draft: str) -> dict[str, Any]:
    given = load_draft(workspace, draft)
    return _dataset(import_source(workspace, draft_source(given), given.name, progress=progress))


def merge(
    workspace: Workspace, progress: OnProgress, *, first: str, second: str, becomes: str, name: str
) -> dict[str, Any]:
    """first, second: as `find_dataset` takes them. becomes: what classes of the second become, as a JSON object."""
    source = merged_source(find_dataset(workspace, first), find_dataset(workspace, second), json.loads(becomes))
    return _dataset(import_source(workspace, source, name, progress=progress))


def subset(
    workspace: Workspace, progress: OnProgress, *, dataset: str, version: int, names: str, name: str
) -> dict[str, Any]:
    """names: of the examples that make a dataset of their own, as a JSON list."""
    source = subset_source(find_dataset(workspace, f"{dataset}@{version}"), json.loads(names))
    return _dataset(import_source(workspace, source, name, progress=progress))


def pretraining(workspace: Workspace, progress: OnProgress, *, dataset: str) -> dict[str, Any]:
    """dataset: as `find_dataset` takes it, whose texts are read."""
    progress(Progress("Reading the texts", 0))
    return _dataset(for_pretraining(workspace, find_dataset(workspace, dataset)))


def survey(
    workspace: Workspace,
    progress: OnProgress,
    *,
    dataset: str,
    version: int,
    backbone: str,
    weights_file: str | None = None,
) -> dict[str, Any]:
    """Result: the dataset and version that were looked over."""
    progress(Progress(PHASES["loading"], 0))
    from core.survey.job import survey_dataset  # torch takes seconds to import, and only this needs it

    survey_dataset(workspace, dataset, version, backbone, weights_file, progress)
    return {"dataset": dataset, "version": version}


def evaluate(workspace: Workspace, progress: OnProgress, *, run: str, dataset: str, version: int) -> dict[str, Any]:
    """Result: the dataset and version that the run's model was asked about."""
    progress(Progress(PHASES["loading"], 0))
    from core.evaluation.asking import ask
    from core.runs import get

    bundle = get(workspace, run).bundle
    if bundle is None:
        raise RunError("The model of this run is not there any more. Choose another run.")
    ask(workspace, bundle, find_dataset(workspace, f"{dataset}@{version}"), progress)
    return {"dataset": dataset, "version": version}


def estimate(workspace: Workspace, progress: OnProgress, *, recipe: str) -> dict[str, Any]:
    """recipe: as JSON. Result: an `Estimate`."""
    progress(Progress(PHASES["loading"], 0))
    from core.training.trials import estimate

    return asdict(estimate.estimate(workspace, Recipe.parse(json.loads(recipe)), progress))


def learning_rate(workspace: Workspace, progress: OnProgress, *, recipe: str) -> dict[str, Any]:
    """recipe: as JSON. Result: a `RateCurve`."""
    progress(Progress(PHASES["loading"], 0))
    from core.training.trials.rate_finder import find_rate

    return asdict(find_rate(workspace, Recipe.parse(json.loads(recipe)), progress))


def crossval(workspace: Workspace, progress: OnProgress, *, recipe: str, folds: int) -> dict[str, Any]:
    """recipe: as JSON. Result: nothing; what was found is a `CrossValidation` on disk."""
    progress(Progress(PHASES["loading"], 0))
    from core.training.trials.crossval import cross_validate

    cross_validate(workspace, Recipe.parse(json.loads(recipe)), folds, progress)
    return {}


def _dataset(made: Dataset) -> dict[str, Any]:
    return {"dataset": made.id, "version": made.version, "known": made.known}


KINDS: dict[str, Callable[..., dict[str, Any]]] = {
    "import path": path,
    "import sample": sample,
    "import published": published,
    "import remote": remote,
    "import draft": draft,
    "import merged": merge,
    "import some": subset,
    "import for pre-training": pretraining,
    "survey": survey,
    "evaluate": evaluate,
    "estimate": estimate,
    "learning rate": learning_rate,
    "crossval": crossval,
}
