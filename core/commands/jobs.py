"""One function a command: read the options, call core, print."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from core.address_space import must_have_for_torch
from core.backbones.libraries import find, stages_of, usual
from core.backbones.weights import must_end_well
from core.commands.data import reading_of, said_of
from core.commands.following import finish, outcome
from core.commands.printing import ImportLine, printable
from core.data.dataset import Dataset, find_dataset
from core.errors import BackboneError, DataError, GraftError, RecipeError, RunError
from core.importing.annotations import NOTES
from core.importing.importing import import_path
from core.importing.layout import is_junk
from core.importing.tables.cells import is_table
from core.importing.tables.reading import Reading
from core.importing.texts.asked import asked
from core.inference.prediction import Answer
from core.inference.table import to_csv
from core.modalities import IMAGE
from core.runs import Run, check_name, find_run, list_runs, make, rename, start, titles
from core.runs.scores import best_of
from core.training import recipe_file
from core.training.presets import PRESETS
from core.training.recipe import Recipe, usual_settings
from core.workspace import Workspace


class UsageError(GraftError):
    """The command itself is wrong: exit status 2."""


Job = Callable[[Namespace], int]


def train(options: Namespace) -> int:
    workspace = Workspace.open(options.workspace)
    if not options.no_start:
        must_have_for_torch()  # before anything is imported
    recipe = recipe_of(workspace, options)
    check_name(options.name)
    if options.no_start:
        run = make(workspace, recipe)
        rename(run, options.name)
        print(f"On each machine, in this folder: {run.torchrun}", file=sys.stderr)
        print(f"Or on this one alone: python -m core resume {run.id}", file=sys.stderr)
        print(json.dumps(outcome(run, run.view())) if options.json else run.directory)
        return 0
    run = start(workspace, recipe, devices=options.devices or 1)
    rename(run, options.name)
    print(f"Run {run.id}", file=sys.stderr)
    return finish(run, options.json)


def recipe_of(workspace: Workspace, options: Namespace) -> Recipe:
    """What the options of `train` come to; a path of images is imported, and the settings are saved if asked for.

    Raises:
        UsageError: an option's value cannot be used. GraftError: the images cannot, or the file of settings.
    """
    _settings(options, None, workspace)  # what is wrong in them is told before the images are read
    dataset = dataset_of(workspace, options.data, reading_of(options))
    settings = _settings(options, dataset, workspace)
    recipe = Recipe.parse({**settings, "dataset": dataset.id, "dataset_version": dataset.version})
    if options.save_recipe:
        recipe_file.write(Path(os.path.expanduser(options.save_recipe)), recipe)
    return recipe


def _settings(options: Namespace, dataset: Dataset | None = None, workspace: Workspace | None = None) -> dict[str, Any]:
    """The recipe's settings but for the dataset, for its examples and its task where it is known: a preset's or a
    file's, and over them those that were typed.

    Raises:
        UsageError: an option's value cannot be used.
        RecipeError: the file of settings cannot be used.
    """
    typed = {name: getattr(options, name) for name in Recipe.model_fields if hasattr(options, name)}
    if options.hidden_units:
        hidden = {"kind": "hidden", "hidden_units": options.hidden_units, "dropout": options.dropout}
        typed["head"] = {**hidden, "reads": options.reads}
    elif options.reads != "auto":
        typed["head"] = {"reads": options.reads}
    if typed.get("weights_file"):
        # Not Path.resolve, to which a link that leads to itself is an error.
        typed["weights_file"] = os.path.realpath(os.path.expanduser(typed["weights_file"]))
    modality = dataset.modality.name if dataset else IMAGE.name
    place = {"modality": modality, "task": dataset.kind} if dataset else {}
    backbone = typed.get("backbone") or usual(modality)
    try:
        if "backbone" in typed:
            find(backbone, workspace)
    except BackboneError as error:
        raise UsageError(str(error)) from error
    settings = {"backbone": backbone, **_base(options, backbone, dataset, workspace), **typed, **place}
    try:
        if typed.get("weights_file"):
            must_end_well(typed["weights_file"])
        Recipe.parse({**settings, "dataset": "checked later", "dataset_version": 1})
        find(settings["backbone"], workspace)
    except (RecipeError, BackboneError) as error:
        raise UsageError(str(error)) from error
    return settings


def _base(options: Namespace, backbone: str, dataset: Dataset | None, workspace: Workspace | None) -> dict[str, Any]:
    """What is typed is laid over this. The learning rate, unless a file names one, follows from what is typed."""
    kind, modality = (dataset.kind, dataset.modality.name) if dataset else ("classes", IMAGE.name)
    if not options.recipe:
        preset = PRESETS[options.preset]
        stages = len(stages_of(find(backbone, workspace), workspace)) if preset.free and workspace else 0
        return preset.settings(kind, modality, stages)
    given = recipe_file.open_file(Path(os.path.expanduser(options.recipe)))
    if dataset:
        recipe_file.check(given, kind, modality, workspace)
    return usual_settings(kind) | given


def dataset_of(workspace: Workspace, data: str, reading: Reading | None = None) -> Dataset:
    """The dataset that `--data` names: a path to import (once: the same bytes are recognised), or one that is there."""
    path = Path(os.path.expanduser(data))
    if path.exists():
        dataset = import_path(workspace, path, progress=ImportLine(), reading=reading)
        print(said_of(dataset), file=sys.stderr)
        return dataset
    return find_dataset(workspace, data, "file, folder or dataset")


def predict(options: Namespace) -> int:
    workspace = Workspace.open(options.workspace)
    _, bundle = bundle_of(workspace, options.run)
    must_have_for_torch()
    from core.inference.predictor import Predictor  # torch takes seconds to import: only when it is needed

    model = Predictor.open(bundle)
    if model.task.gives_backbone:
        raise RunError("This run only read texts, and answers nothing. Keep its network: backbones --from-run RUN.")
    noun = model.modality.noun
    examples: list[Any] = asked(options.images) if model.modality.comes_from == "row" else _files(options.images)
    found = list(model.predict(examples, options.top))
    if options.format == "json":
        print(json.dumps([_answer(each, noun) for each in found], ensure_ascii=False))
    elif options.format == "csv":
        print(to_csv(found, model.columns, noun), end="")
    else:
        for each in found:
            print(f"{printable(each.name)}: {_line_of(each, options.top)}")
    return 1 if all(each.error for each in found) else 0


def _files(given: Sequence[str]) -> list[tuple[str, Path]]:
    """The files that are asked about; of a folder all that lie in it or below, but for tables and the system's own.

    Raises:
        DataError: a folder holds none.
    """
    found: list[tuple[str, Path]] = []
    for name in given:
        if not os.path.isdir(name):
            found.append((name, Path(name)))
            continue
        inside = sorted(path for path in Path(name).rglob("*") if path.is_file() and not path.is_symlink())
        kept = [path for path in inside if not is_junk(path.relative_to(name).as_posix()) and not _says(path.name)]
        if not kept:
            raise DataError(f"The folder {name[-200:]!r} holds no image. Give images, or a folder of them.")
        found += [(str(path), path) for path in kept]
    return found


def _says(name: str) -> bool:
    """Whether a file says something of images, and is none."""
    return is_table(name) or name.lower().endswith(NOTES)


def bundle_of(workspace: Workspace, name: str) -> tuple[Run, Path]:
    """name: a run's id or name, or `latest`: the newest that has a model.

    Raises:
        RunError: there is none such, or it has no model.
    """
    if name == "latest":
        found = next(((run, run.bundle) for run in list_runs(workspace) if run.bundle), None)
        if found is None:
            raise RunError("No run has finished yet. Train one first: python -m core train --data PATH.")
        return found
    run = find_run(workspace, name)
    if run.bundle is None:
        raise RunError(f"Run {run.id} is {run.status.value} and has nothing to predict with yet.")
    return run, run.bundle


def _answer(answer: Answer, noun: str = "image") -> dict[str, Any]:
    if answer.prediction is None:
        return {noun: answer.name, "error": answer.error}
    more: dict[str, Any] = {"cut": True, "tokens": answer.tokens} if answer.is_cut else {}
    if answer.nearest is not None:
        more |= {"foreign": answer.is_foreign, "nearest": answer.nearest}
    return {noun: answer.name, **answer.prediction.plain(), **more}


def _line_of(answer: Answer, most: int) -> str:
    """most: of what would be said only beside it."""
    if answer.prediction is None:
        return str(answer.error)
    unlike = "; unlike anything it was trained on" if answer.is_foreign else ""
    cut = f"; it has {answer.tokens:,} tokens, and only the first ones were read" if answer.is_cut else ""
    return printable(answer.prediction.words(most)) + unlike + cut


def runs(options: Namespace) -> int:
    workspace = Workspace.open(options.workspace)
    found = list_runs(workspace)
    if options.json:
        print(json.dumps([_listed(run) for run in found]))
        return 0
    names = titles(found)
    for run in found:
        print(printable(_line(run, names[run.id])))
    if not found:
        print("No runs yet. Train one: python -m core train --data PATH", file=sys.stderr)
    return 0


def _listed(run: Run) -> dict[str, Any]:
    try:
        return {**outcome(run, run.view()), "recipe": run.recipe.model_dump(mode="json")}
    except RunError as error:
        return {"run": run.id, "status": "damaged", "error": str(error)}


def _line(run: Run, name: str) -> str:
    try:
        view, backbone = run.view(), run.recipe.backbone
    except RunError as error:
        return f"{run.id:50} {'damaged':14} {error}"
    score = best_of(view) if view.ended else ""
    return f"{run.id:50} {view.status.value:14} {score:70} {backbone:30} {name}"
