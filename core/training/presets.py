"""Presets: every setting of a recipe under one name in words. Only what differs from the defaults is written here.

None names a learning rate: it follows from the optimizer and from what is frozen, until somebody sets it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from core.modalities import IMAGE
from core.training.recipe import Recipe, fitting, suggested_for, usual_settings


@dataclass(frozen=True)
class Preset:
    """
    Attributes:
        title: What pages call it.
        sentence: Whom it is for, and what it costs.
        otherwise, changes_otherwise: The same where examples are no images; those of images where it says nothing.
        modalities: Of what examples; all where it names none.
        free: How many of the last stages learn, or below 1 what share of them, where examples are no images.
    """

    title: str
    sentence: str
    changes: dict[str, Any] = field(default_factory=dict)
    otherwise: str = ""
    modalities: frozenset[str] = frozenset()
    changes_otherwise: dict[str, Any] | None = None
    free: float = 0

    def settings(self, kind: str, modality: str = IMAGE.name, stages: int = 0) -> dict[str, Any]:
        """Every setting but the learning rate, for a dataset of `kind` and a backbone of so many stages."""
        changes = self.changes
        if modality != IMAGE.name and self.changes_otherwise is not None:
            changes = self.changes_otherwise
        return usual_settings(kind) | fitting(changes | self._freeze(modality, stages), kind, modality)

    def _freeze(self, modality: str, stages: int) -> dict[str, Any]:
        if not self.free or not stages or modality == IMAGE.name:
            return {}
        free = self.free if self.free >= 1 else math.ceil(self.free * stages)
        return {"freeze": max(0, stages - int(free))}

    def suits(self, modality: str) -> bool:
        return not self.modalities or modality in self.modalities

    def said(self, modality: str) -> str:
        return self.sentence if modality == IMAGE.name else self.otherwise or self.sentence


PRESETS = {
    "recommended": Preset(
        "Recommended",
        "A linear head on the frozen backbone, solved for exactly and fitted on every labeled image: what did best "
        "over image sets of many kinds, in seconds.",
        otherwise="The later half of the layers learns with the head, the earlier half runs once: what did best over "
        "the samples, in a minute or two for a thousand texts.",
        changes_otherwise={"epochs": 5, "batch_size": 16, "warmup_epochs": 0.5},
        free=0.5,
    ),
    "frozen": Preset(
        "Frozen",
        "A linear head on the frozen backbone, solved for exactly and fitted on every labeled example: a matter of "
        "seconds, and some points less.",
        modalities=frozenset({"text"}),
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
        otherwise="Every layer learns with the head: sometimes a point better still, for twice the time.",
        changes_otherwise={"freeze": 0, "epochs": 5, "batch_size": 16, "warmup_epochs": 0.5},
    ),
    "adapters": Preset(
        "Adapters",
        "Two small matrices learn beside each linear layer of a transformer, whose own weights stay as they are "
        "(LoRA): few numbers learn, and what they learn is a small file. Not for networks of convolutions.",
        {"adapters": "all", "freeze": 0, "epochs": 10, "warmup_epochs": 0.5},
        changes_otherwise={"adapters": "all", "freeze": 0, "epochs": 5, "batch_size": 16, "warmup_epochs": 0.5},
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


def changed_from(
    preset: str, settings: dict[str, Any], kind: str, modality: str = IMAGE.name, stages: int = 0
) -> dict[str, Any]:
    """Those of `settings` that are not the preset's. The rest as for `Preset.settings`."""
    base = PRESETS[preset].settings(kind, modality, stages)
    now = base | settings
    rate = suggested_for(now | {"modality": modality})
    return {name: value for name, value in settings.items() if value != (base | {"learning_rate": rate})[name]}


def nearest(recipe: Recipe, kind: str, modality: str = IMAGE.name, stages: int = 0) -> str:
    """The preset from which the fewest settings of the recipe differ."""
    settings, suited = recipe.settings(), [name for name in PRESETS if PRESETS[name].suits(modality)]
    return min(suited, key=lambda preset: len(changed_from(preset, settings, kind, modality, stages)))
