"""How far something long is, and how it is stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.errors import GraftError


@dataclass(frozen=True)
class Progress:
    """phase: what is being done, in a word or two; done of total, None while the total is unknown.

    share: how much of it is done, 0 to 1, where this is known better than by `total`.
    """

    phase: str
    done: int
    total: int | None = None
    share: float | None = None


OnProgress = Callable[[Progress], None]
Cancelled = Callable[[], bool]


class WorkStopped(GraftError):
    """Someone stopped the work; nothing of it is left."""
