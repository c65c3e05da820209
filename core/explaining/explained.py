"""How the examples of one modality are explained. Brings torch."""

from __future__ import annotations

from typing import Any, Protocol

from core.explaining.asked import Asked
from core.explaining.explanation import Explanation, Listen, Method, StageSeen
from core.inference.predictor import Predictor


class Explained(Protocol):
    """One stateless object each, see `core.explaining.explaining.explained_by`.

    Attributes:
        has_stages: Whether it can be seen what each stage makes of an example.
    """

    has_stages: bool = False

    def methods(self, predictor: Predictor) -> tuple[Method, ...]:
        """The ways there are, the usual one first."""
        ...

    def stages(self, predictor: Predictor, example: Any) -> tuple[StageSeen, ...]:
        """As `core.explaining.explaining.stages_seen`."""
        return ()

    def explain(self, asked: Asked, method: str | None, listen: Listen) -> Explanation:
        """method: the name of one of `methods`; None for the usual one, or where that cannot be, another."""
        ...
