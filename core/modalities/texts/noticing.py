"""What may be wrong with a text: noticed once, when it comes, and told for as long as it is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from core.finding import Finding

if TYPE_CHECKING:
    import pandas as pd


def noticed_in(text: str) -> str:
    """Words with blanks between, each for one thing; "" where there is nothing."""
    return ""


def findings_of(frame: pd.DataFrame) -> Iterator[Finding]:
    yield from ()
