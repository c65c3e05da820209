"""What an example is: the one protocol that everything asks which must know whether it is an image, a text, a pair."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol

from core.finding import Finding

if TYPE_CHECKING:
    import pandas as pd


class Modality(Protocol):
    """One stateless object each, light to import: pages, datasets and the shell ask it.

    Attributes:
        name: In `dataset.json`.
        noun: What one example is called; several are called so with an s behind.
        columns: Its part of a dataset's frame, with dtypes.
        formerly: What stands for those that earlier versions did not write.
        comes_from: Whether an example is a file, or a row of a table.
    """

    name: str
    noun: str
    columns: Mapping[str, str]
    formerly: Mapping[str, Any] = {}
    comes_from: Literal["file", "row"]

    def misfit(self, frame: pd.DataFrame) -> str:
        """Why these rows, read back, can be no dataset's, in words; "" if they can."""
        return ""

    def findings(self, frame: pd.DataFrame) -> Iterator[Finding]:
        """What may be wrong with such examples."""
        yield from ()

    def summary(self, frame: pd.DataFrame) -> dict[str, Any]:
        """The fields of a `core.data.report.Report` that are the examples' own."""
        return {}

    def size(self, frame: pd.DataFrame) -> pd.Series:
        """How much there is in each example, in whatever unit: of copies, the largest is worth most."""
        ...
