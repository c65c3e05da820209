"""What an example is: the one protocol that everything asks which must know whether it is an image, a text, a pair."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from core.finding import Finding
from core.progress import Cancelled, OnProgress
from core.workspace import Workspace

if TYPE_CHECKING:  # which take their time to import
    import pandas as pd
    import torch

    from core.modalities.examples import Examples
    from core.modalities.inputs import Inputs


Places = Sequence[tuple[int, int, str]]  # in a text: first character, the one behind the last, what it is


class Modality(Protocol):
    """One stateless object each, light to import: pages, datasets and the shell ask it.

    Attributes:
        name: In `dataset.json`.
        noun: What one example is called; several are called so with an s behind.
        folder: Of a dataset, where its files lie.
        columns: Its part of a dataset's frame, with dtypes.
        formerly: What stands for those that earlier versions did not write.
        comes_from: Whether an example is a file, or a row of a table.
        adjusted_by: The settings of a recipe that are for such examples alone.
        seed: What the name of a dataset's content begins with, so that each modality's are others.
    """

    name: str
    noun: str
    folder: str
    columns: Mapping[str, str]
    formerly: Mapping[str, Any] = {}
    comes_from: Literal["file", "row"]
    adjusted_by: tuple[str, ...] = ()
    seed: bytes = b""

    # On the way in --------------------------------------------------------------------------------------------------

    def held_by(self, headings: Sequence[str]) -> tuple[str, ...]:
        """Which columns of a table hold examples, one a row; () if none do, or if examples are files."""
        return ()

    def inspect(self, cells: Mapping[str, str]) -> Mapping[str, Any] | str:
        """A row of a table as an example: what its `columns` have, and the digest of its content as `sha256`; or why it
        is none, a sentence.

        cells: of the columns `held_by` named.
        """
        return f"A {self.noun} is a file, and no row of a table."

    @property
    def taken(self) -> tuple[str, ...]:
        """The columns of an example's row while it is imported, beside its name and its digest."""
        return tuple(self.columns)

    def keep(self, folder: Path, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows of a new dataset, with all of `columns`, once what they need lies in its folder."""
        return frame

    def content(self, frame: pd.DataFrame) -> pd.Series:
        """The digest of each example, of rows as they were taken in."""
        return frame["sha256"]

    def twins(self, frame: pd.DataFrame, looks: np.ndarray) -> np.ndarray:
        """Which examples are the same, or nearly so: int64 (N,), the same number above 0 for those, 0 for the others.

        frame: with a column `same`, which is equal for equal content. looks: what was kept of each to tell.
        """
        return np.where(frame["same"].duplicated(keep=False), frame["same"], 0).astype(np.int64)

    def noticed(self, frame: pd.DataFrame, rendering: Any) -> Iterator[Finding]:
        """What an import tells once for all of the examples as they were taken in."""
        yield from ()

    # In a dataset ---------------------------------------------------------------------------------------------------

    def misfit(self, frame: pd.DataFrame) -> str:
        """Why these rows, read back, can be no dataset's, in words; "" if they can."""
        return ""

    def findings(self, frame: pd.DataFrame) -> Iterator[Finding]:
        """What may be wrong with such examples."""
        yield from ()

    def giving_away(
        self, frame: pd.DataFrame, labels: Sequence[tuple[str, ...]], path: Callable[[str], Path]
    ) -> Iterator[Finding]:
        """What in the examples gives their classes away, and is perhaps not what is to be learned.

        labels: the classes of each row. path: where a file of the dataset lies. Raises DataError if it cannot be read.
        """
        yield from ()

    def summary(self, frame: pd.DataFrame) -> dict[str, Any]:
        """The fields of a `core.data.report.Report` that are the examples' own."""
        return {}

    def size(self, frame: pd.DataFrame) -> pd.Series:
        """How much there is in each example, in whatever unit: of copies, the largest is worth most."""
        ...

    def measured(self, frame: pd.DataFrame) -> dict[str, pd.Series]:
        """What is known of each example that a model could be better or worse at, by title: its size, its length."""
        return {}

    def mentioning(self, frame: pd.DataFrame, path: Callable[[str], Path], words: str) -> pd.Series:
        """bool: which rows a search for these words finds, letter by letter, whatever their capitals.

        path: where a file of the dataset lies. Raises DataError if it cannot be read.
        """
        return frame["name"].str.contains(words, case=False, regex=False)

    def tiles(
        self, frame: pd.DataFrame, path: Callable[[str], Path], rendering: Any, side: int
    ) -> Iterator[Any] | None:
        """Each example as a small square image (PIL, `side` pixels), None for one that cannot be read; None where
        examples are not to be seen."""
        return None

    def stored(self, frame: pd.DataFrame, path: Callable[[str], Path]) -> Sequence[Any]:
        """What `read` takes, of these rows of a dataset, in their order.

        path: where a file of the dataset lies. Raises DataError if it cannot be read.
        """
        ...

    def mended(self, given: Any, places: Places) -> tuple[Any, Places] | None:
        """One of `stored` without the damage that can be mended, and where the places of its answer lie then; None if
        that cannot be said. It is the same where there is nothing to mend."""
        return given, places

    def rewritten(self, folder: Path, frame: pd.DataFrame, given: Sequence[Any]) -> pd.DataFrame:
        """These rows with other content, which is kept beside what is there: all versions stay as they are.

        folder: of the dataset. given: of each row, as `stored` gives it. Nobody else may do so at the same time.
        """
        return frame

    # On the way into a network ----------------------------------------------------------------------------------------

    def examples(
        self,
        workspace: Workspace,
        path: Callable[[str], Path],
        frame: pd.DataFrame,
        settings: Any,
        device: torch.device,
        augmentation: str = "none",
        begins: Callable[[], None] = lambda: None,
        progress: OnProgress | None = None,
        cancelled: Cancelled | None = None,
    ) -> Examples:
        """These rows of a dataset, ready to be cut into batches. Brings torch.

        path: where a file of the dataset lies. settings: how the backbone wants them, its `preprocessing`. begins:
        called before they are read, if they are not in the cache; progress, cancelled: asked meanwhile.
        """
        ...

    def fitted(self, info: Any, dataset: Any, asked: Mapping[str, Any] | None = None) -> Any:
        """What is known of a backbone, as it is used on a dataset of such examples.

        asked: the settings of `adjusted_by`; what is not there is as usual.
        """
        return info.fitted()

    def work(self, dataset: Any, info: Any) -> float:
        """How much work a usual example of the dataset is for a backbone, beside one of those that its `gflops` is for.

        info: as `fitted` gave it.
        """
        return 1.0

    def settings(self, said: Any) -> Any:
        """How a bundle says that its backbone wants the examples. Raises ValueError if that makes no sense."""
        ...

    def placed(self, settings: Any, folder: Path) -> Any:
        """The same, where files that belong to the settings lie in this folder."""
        return settings

    def read(self, given: Any, settings: Any) -> Any:
        """One example that a person asks about, prepared as far as it can be by itself, and by any thread.

        given: a file (path, bytes, or open), or what a row of a table has.

        Raises:
            DataError: it cannot be read, in words.
        """
        ...

    def collate(self, read: Sequence[Any], settings: Any, device: torch.device) -> Inputs:
        """What `read` gave of several, as one batch. Brings torch."""
        ...
