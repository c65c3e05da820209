"""The settings of the next run: a preset, and what was changed since. Kept with the other choices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from core.tasks import TASKS
from core.training.presets import DEFAULT, PRESETS, changed_from, nearest
from core.training.recipe import (
    PLACES,
    Recipe,
    belongs,
    fitting,
    is_solvable,
    suggested_for,
    usual_settings,
)
from ui.shared import state


class Kind(NamedTuple):
    """What decides which settings there are: of a dataset the name of its task and of its modality, and how many stages
    the backbone has."""

    task: str
    modality: str
    stages: int


def solved(now: dict[str, Any]) -> bool:
    """Whether the head is solved for from beginning to end, so that no step is taken."""
    return now["freeze"] == "all" and is_solvable({**now, "head": now["head"]["kind"]})


def _steps(now: dict[str, Any]) -> bool:
    return not solved(now)


# Settings that do nothing unless others have certain values; those that are not here always do something.
MATTERS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "unfreeze": lambda now: now["freeze"] != "all",
    "head_epochs": lambda now: now["freeze"] != "all" and now["unfreeze"] != "never",
    "unfreeze_rate": lambda now: now["freeze"] != "all" and now["unfreeze"] != "never",
    **dict.fromkeys(("rate_per_stage", "adapters", "activation_checkpointing"), lambda now: now["freeze"] != "all"),
    **dict.fromkeys(
        ("adapter_rank", "adapter_alpha"), lambda now: now["freeze"] != "all" and now["adapters"] != "none"
    ),
    **dict.fromkeys(("momentum", "weight_decay", "clip", "schedule", "accumulate", "patience", "best_by"), _steps),
    "warmup_epochs": _steps,
    "refit": solved,
    "nesterov": lambda now: now["optimizer"] == "sgd",
    "step_epochs": lambda now: now["schedule"] in ("step", "plateau"),
    "step_factor": lambda now: now["schedule"] in ("step", "plateau"),
    "views": lambda now: (
        now["augmentation"] != "none" and (now["freeze"] != 0 or now["unfreeze"] != "never") and not now["cutmix"]
    ),
    "label_smoothing": lambda now: now["loss"] in ("cross_entropy", "binary_cross_entropy"),
    "focal_gamma": lambda now: now["loss"] == "focal",
    "balance": lambda now: any("balance" not in task.ignores for task in TASKS.values() if now["loss"] in task.losses),
}


def preset(modality: str) -> str:
    name = state.choices().preset
    return name if name in PRESETS and PRESETS[name].suits(modality) else DEFAULT


def changes(kind: Kind) -> dict[str, Any]:
    """What was changed since the preset was chosen, as far as it is for a dataset of `kind`."""
    settings = state.choices().settings
    known = {name: value for name, value in settings.items() if name in Recipe.model_fields and name not in PLACES}
    return changed_from(preset(kind.modality), fitting(known, kind.task, kind.modality), *kind)


def values(kind: Kind) -> dict[str, Any]:
    """Every setting as it stands, be it right or wrong."""
    settings = PRESETS[preset(kind.modality)].settings(*kind) | changes(kind)
    if isinstance(settings["freeze"], int) and settings["freeze"] >= kind.stages:
        settings["freeze"] = "all"
    return {"learning_rate": _suggested(settings, kind), **settings}


def in_effect(now: dict[str, Any], kind: Kind) -> dict[str, Any]:
    """The same for a recipe: what does nothing as things stand is as usual, so that it contradicts nothing."""
    usual = usual_settings(kind.task)
    return {name: value if matters(name, now, kind) else usual[name] for name, value in now.items()}


def matters(name: str, now: dict[str, Any], kind: Kind) -> bool:
    """Whether a setting does anything, the others being as they are."""
    place = {"task": kind.task, "modality": kind.modality}
    return belongs(name, kind.modality) and (name not in MATTERS or MATTERS[name]({**now, **place}))


def begin(name: str) -> None:
    """Choose a preset, which forgets what was changed."""
    state.choose(preset=name, settings={})


def change(kind: Kind, name: str, value: Any) -> None:
    """A new optimizer, adapters, or freezing more or less, brings its own learning rate, in place of the old one."""
    _keep(kind, name, state.choices().settings | {name: value})


def undo(kind: Kind, name: str) -> None:
    """Make a setting the preset's again."""
    _keep(kind, name, {each: value for each, value in state.choices().settings.items() if each != name})


def _keep(kind: Kind, name: str, settings: dict[str, Any]) -> None:
    base = PRESETS[preset(kind.modality)].settings(*kind)
    if name != "learning_rate" and _suggested(base | state.choices().settings, kind) != _suggested(
        base | settings, kind
    ):
        settings.pop("learning_rate", None)
    state.choose(preset=preset(kind.modality), settings=settings)


def _suggested(settings: dict[str, Any], kind: Kind) -> float:
    return suggested_for(settings | {"modality": kind.modality})


def take(recipe: Recipe, kind: Kind) -> None:
    """Make the settings those of a recipe: the preset that is nearest, and what differs from it."""
    name = nearest(recipe, *kind)
    state.choose(preset=name, settings=changed_from(name, recipe.settings(), *kind))
