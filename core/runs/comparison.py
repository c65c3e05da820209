"""Runs side by side: what they differ in, and the three that show what freezing does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.training.recipe import Recipe, suggested_learning_rate


def freezing(recipe: Recipe, stages: int) -> tuple[Recipe, ...]:
    """The recipe with all of the backbone's stages frozen, with half of them, and with none.

    A learning rate that is the suggested one follows what is suggested for each.
    """
    suggested = recipe.learning_rate == _suggested(recipe, recipe.freeze)
    made: list[Recipe] = []
    amounts: list[int | str] = ["all", stages // 2, 0]
    for freeze in dict.fromkeys(amounts):
        rate = _suggested(recipe, freeze) if suggested else recipe.learning_rate
        phases = {"unfreeze": "never"} if freeze == "all" else {}
        made.append(Recipe.parse({**recipe.model_dump(), "freeze": freeze, "learning_rate": rate, **phases}))
    return tuple(made)


def _suggested(recipe: Recipe, freeze: int | str) -> float:
    return suggested_learning_rate(recipe.optimizer, freeze, recipe.modality)


def differences(recipes: Sequence[Recipe]) -> list[str]:
    """What sets each apart from the others, in words; the same words for those that are the same."""
    fields = [name for name in Recipe.model_fields if len({repr(getattr(recipe, name)) for recipe in recipes}) > 1]
    return [", ".join(_words(name, getattr(recipe, name)) for name in fields) or "the same" for recipe in recipes]


def frozen_words(freeze: int | str) -> str:
    """`all stages frozen`, `4 stages frozen`, `no stage frozen`."""
    return {"all": "all stages frozen", 0: "no stage frozen", 1: "1 stage frozen"}.get(
        freeze, f"{freeze} stages frozen"
    )


def _words(name: str, value: Any) -> str:
    if name == "freeze":
        return frozen_words(value)
    if name == "head":
        return "linear head" if value.kind == "linear" else f"head with {value.hidden_units} hidden units"
    if name == "dataset_version":
        return f"version {value}"
    if name in ("dataset", "backbone", "optimizer"):
        return str(value)
    return f"{name.replace('_', ' ')} {value:g}" if isinstance(value, float) else f"{name.replace('_', ' ')} {value}"
