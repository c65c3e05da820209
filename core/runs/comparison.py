"""Runs side by side: what they differ in, and those that show what freezing does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.backbones.kept_stages import Stage
from core.training.recipe import Recipe, suggested_for


def freezing(recipe: Recipe, stages: Sequence[Stage]) -> tuple[Recipe, ...]:
    """The recipe with all of the backbone's stages frozen, with half of them, and with none; of a transformer then
    with adapters in all of them.

    A learning rate that is the suggested one follows what is suggested for each.
    """
    given = recipe.model_dump()
    suggested = recipe.learning_rate == suggested_for(given)
    amounts: list[int | str] = ["all", len(stages) // 2, 0]
    ways: list[dict[str, Any]] = [{"freeze": freeze, "adapters": "none"} for freeze in dict.fromkeys(amounts)]
    if any(stage.attention for stage in stages):
        ways.append({"freeze": 0, "adapters": "all" if recipe.adapters == "none" else recipe.adapters})
    ways[0]["unfreeze"] = "never"
    rates = [{"learning_rate": suggested_for(given | way)} if suggested else {} for way in ways]
    return tuple(Recipe.parse({**given, **way, **rate}) for way, rate in zip(ways, rates))


def differences(recipes: Sequence[Recipe]) -> list[str]:
    """What sets each apart from the others, in words; the same words for those that are the same."""
    fields = [name for name in Recipe.model_fields if len({repr(getattr(recipe, name)) for recipe in recipes}) > 1]
    return [", ".join(_words(name, getattr(recipe, name)) for name in fields) or "the same" for recipe in recipes]


def frozen_words(freeze: int | str, adapters: str = "none") -> str:
    """`all stages frozen`, `4 stages frozen`, `no stage frozen`; `adapters`, `adapters, 4 stages frozen`."""
    if adapters != "none":
        return "adapters" if freeze == 0 else f"adapters, {frozen_words(freeze)}"
    return {"all": "all stages frozen", 0: "no stage frozen", 1: "1 stage frozen"}.get(
        freeze, f"{freeze} stages frozen"
    )


def _words(name: str, value: Any) -> str:
    if name == "freeze":
        return frozen_words(value)
    if name == "head":
        return "linear head" if value.kind == "linear" else f"head with {value.hidden_units} hidden units"
    if name == "adapters":
        return {"none": "no adapters", "all": "adapters on all linear layers"}.get(value, f"adapters on {value}")
    if name == "dataset_version":
        return f"version {value}"
    if name in ("dataset", "backbone", "optimizer"):
        return str(value)
    return f"{name.replace('_', ' ')} {value:g}" if isinstance(value, float) else f"{name.replace('_', ' ')} {value}"
