"""Presets: every setting of a recipe under one name in words. Only what differs from the defaults is written here.

None names a learning rate: it follows from the optimizer and from what is frozen, until somebody sets it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from core.training.recipe import Recipe, fitting, suggested_learning_rate, usual_settings


@dataclass(frozen=True)
class Preset:
    """title: what pages call it. sentence: whom it is for, and what it costs."""

    title: str
    sentence: str
    changes: dict[str, Any] = field(default_factory=dict)

    def settings(self, kind: str) -> dict[str, Any]:
        """Every setting but the learning rate, for a dataset of `kind`."""
        return usual_settings(kind) | fitting(self.changes, kind)


PRESETS = {
    "recommended": Preset(
        "Recommended",
        "A linear head on the frozen backbone, solved for exactly and fitted on every labeled image: what did best "
        "over image sets of many kinds, in seconds.",
    ),
    "full-fine-tuning": Preset(
        "Full fine-tuning",
        "The head first, then every stage with it, the early ones more slowly: for thousands of images, and many times "
        "longer. With a few hundred it was no better.",
        {
            "freeze": 0,
            "unfreeze": "after_head",
            "head_epochs": 3,
            "unfreeze_rate": 0.3,
            "rate_per_stage": 0.8,
            "warmup_epochs": 1.0,
            "label_smoothing": 0.1,
            "augmentation": "standard",
            "clip": 1.0,
            "epochs": 30,
        },
    ),
    "textbook": Preset(
        "Textbook",
        "As a course teaches it: a new linear head on a frozen backbone, plain SGD, ten epochs, nothing else.",
        {
            "optimizer": "sgd",
            "momentum": 0.9,
            "weight_decay": 0.0,
            "schedule": "constant",
            "batch_size": 4,
            "epochs": 10,
            "precision": "float32",
        },
    ),
}
DEFAULT = "recommended"


def changed_from(preset: str, settings: dict[str, Any], kind: str) -> dict[str, Any]:
    """Those of `settings` that are not the preset's."""
    base = PRESETS[preset].settings(kind)
    rate = suggested_learning_rate(settings.get("optimizer", base["optimizer"]), settings.get("freeze", base["freeze"]))
    return {name: value for name, value in settings.items() if value != (base | {"learning_rate": rate})[name]}


def nearest(recipe: Recipe, kind: str) -> str:
    """The preset from which the fewest settings of the recipe differ."""
    settings = recipe.settings()
    return min(PRESETS, key=lambda preset: len(changed_from(preset, settings, kind)))
