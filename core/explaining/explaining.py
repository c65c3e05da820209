"""Why a model says what it says of an example. Light to import: torch comes with the first question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.errors import RunError
from core.explaining.explanation import (
    Explanation,
    HeatMap,
    Listen,
    Method,
    Part,
    StageSeen,
    WordWeights,
    to_nobody,
)
from core.modalities import IMAGE, TEXT

if TYPE_CHECKING:
    from core.explaining.explained import Explained
    from core.inference.predictor import Predictor

__all__ = [
    "Explanation",
    "HeatMap",
    "Method",
    "Part",
    "StageSeen",
    "WordWeights",
    "explain",
    "has_stages",
    "methods_for",
    "stages_seen",
]


def explain(
    predictor: Predictor,
    example: Any,
    target: str | None = None,
    method: str | None = None,
    listen: Listen = to_nobody,
) -> HeatMap | WordWeights:
    """
    Args:
        example: What the modality reads, as for `Predictor.predict`.
        target: A class, a label, or the name of another `Aim`; None for the likeliest. A number task has one.
        method: The name of one of `methods_for`; None for the first of them that can be used.
        listen: Told how many of how many steps are done; it may raise to give up.

    Raises:
        GraftError: the example cannot be read, or there is no such answer, or no such method for this model.
    """
    known = [each.name for each in methods_for(predictor)]
    if method is not None and method not in known:
        raise RunError(f"There is no way to explain called {method[:40]!r} here, but {', '.join(known)}.")
    from core.explaining.asked import Asked

    return explained_by(predictor).explain(Asked(predictor, example, target), method, listen)


def methods_for(predictor: Predictor) -> tuple[Method, ...]:
    """The ways there are to explain this model, the usual one first."""
    return explained_by(predictor).methods(predictor)


def has_stages(predictor: Predictor) -> bool:
    """Whether `stages_seen` shows anything."""
    return explained_by(predictor).has_stages


def stages_seen(predictor: Predictor, example: Any) -> tuple[StageSeen, ...]:
    """What each stage makes of an example; () where that is nothing to be seen.

    Raises:
        GraftError: the example cannot be read.
    """
    return explained_by(predictor).stages(predictor, example)


def explained_by(predictor: Predictor) -> Explained:
    """How examples of its modality are explained."""
    from core.explaining.images import ImagesExplained
    from core.explaining.texts import TextsExplained

    explained: dict[str, Explained] = {IMAGE.name: ImagesExplained(), TEXT.name: TextsExplained()}
    name = predictor.modality.name
    if name not in explained:
        raise RunError(f"Nothing explains a model of {predictor.modality.noun}s yet.")
    return explained[name]
