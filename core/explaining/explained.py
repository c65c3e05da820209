"""How the examples of one modality are explained. Brings torch."""

from __future__ import annotations

from typing import Protocol

from core.explaining.asked import Asked
from core.explaining.explanation import Explanation, Listen, Method
from core.inference.predictor import Predictor


class Explained(Protocol):
    """One stateless object each, in `core.explaining.explaining.explained_by`."""

    def methods(self, predictor: Predictor) -> tuple[Method, ...]:
        """The ways there are, the usual one first."""
        ...

    def explain(self, asked: Asked, method: str | None, listen: Listen) -> Explanation:
        """method: the name of one of `methods`; None for the usual one, or where that cannot be, another."""
        ...
