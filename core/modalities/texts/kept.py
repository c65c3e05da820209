"""The texts of a dataset, in one file that is mapped into memory: only those that are asked for are read.

    <dataset>/texts/texts.arrow             a row each: text, second ("" unless two texts belong together)
    <dataset>/texts/more-<number>.arrow     texts that a later version has in the place of others; number: of its first

All versions of a dataset share them; a version's rows say by number which texts are theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.errors import DataError
from core.workspace import atomic_open

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

FILE = "texts.arrow"
BLOCK = 16_384  # rows that are written, or looked through, at a time

Text = tuple[str, str]  # and the second, "" unless two belong together


def write(folder: Path, texts: pd.Series, seconds: pd.Series) -> None:
    """In the order of the rows."""
    import pyarrow as pa

    folder.mkdir(parents=True, exist_ok=True)
    schema = _schema()
    with pa.OSFile(str(folder / FILE), "wb") as file, pa.ipc.new_file(file, schema) as out:
        for start in range(0, len(texts), BLOCK):
            columns = [pa.array([*each[start : start + BLOCK]], pa.large_string()) for each in (texts, seconds)]
            out.write_batch(pa.record_batch(columns, schema=schema))


def write_more(folder: Path, texts: Sequence[Text]) -> int:
    """Further texts, behind those that are there; nothing that is there is written again. Returns the first's number.

    Nobody else may write any at the same time. Raises as `KeptTexts`.
    """
    import pyarrow as pa

    first = len(KeptTexts(folder / FILE))
    columns = [pa.array(list(each), pa.large_string()) for each in zip(*texts)]
    batch = pa.record_batch(columns, schema=_schema())
    with atomic_open(folder / f"more-{first:012}.arrow", "wb") as file, pa.ipc.new_file(file, batch.schema) as out:
        out.write_batch(batch)
    return first


def stamp(path: Path) -> int:
    """Of `FILE`: another one as soon as there are further texts."""
    return path.parent.stat().st_mtime_ns if path.exists() else 0


def _schema() -> pa.Schema:
    import pyarrow as pa

    return pa.schema([("text", pa.large_string()), ("second", pa.large_string())])


def _read(path: Path) -> pa.Table:
    import pyarrow as pa

    found = [pa.ipc.open_file(pa.memory_map(str(path))).read_all()]
    for more in sorted(path.parent.glob("more-*.arrow")):
        if int(more.stem.removeprefix("more-")) != sum(map(len, found)):
            raise ValueError(f"{more.name} does not follow what is before it")
        found.append(pa.ipc.open_file(pa.memory_map(str(more))).read_all())
    return pa.concat_tables(found)


class KeptTexts:
    """`kept[rows]`: those of some rows, in their order."""

    def __init__(self, path: Path) -> None:
        """
        Raises:
            DataError: it is not there, or damaged.
        """
        import pyarrow as pa

        try:
            self._table: pa.Table = _read(path)
            self._text, self._second = self._table.column("text"), self._table.column("second")
            self._blocks = [batch for batch in self._table.to_batches() if len(batch)]
            self._begins = np.cumsum([0, *map(len, self._blocks)])
        except (OSError, ValueError, pa.ArrowInvalid, KeyError) as error:
            raise DataError(f"The texts of the dataset cannot be read ({error}). Import it again.") from error

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def __getitem__(self, rows: Sequence[int] | np.ndarray) -> list[Text]:
        """
        Raises:
            DataError: there is no such row.
        """
        numbers = np.asarray(rows, np.int64)
        if len(numbers) and not 0 <= numbers.min() <= numbers.max() < len(self):
            raise DataError("The dataset names texts that it does not have. Import it again.")
        which, found = np.searchsorted(self._begins, numbers, side="right") - 1, [("", "")] * len(numbers)
        for block in np.unique(which):  # the table as a whole would be put together first, which reads all of it
            places = np.flatnonzero(which == block)
            taken = self._blocks[block].take(numbers[places] - self._begins[block])
            for place, *texts in zip(places, taken.column("text").to_pylist(), taken.column("second").to_pylist()):
                found[place] = (texts[0], texts[1])
        return found

    def containing(self, words: str) -> np.ndarray:
        """bool (N,): which of all have these words in them, whatever their capitals."""
        import pyarrow.compute as compute

        asked = {"pattern": words, "ignore_case": True}
        either = compute.or_(*(compute.match_substring(each, **asked) for each in (self._text, self._second)))
        return np.asarray(either)

    def blocks(self) -> Iterator[list[Text]]:
        """All, some at a time."""
        for start in range(0, len(self), BLOCK):
            yield self[np.arange(start, min(len(self), start + BLOCK))]


def shortened(texts: Iterable[Text], longest: int = 200) -> list[str]:
    """Each as one line of so many characters, two texts with a bar between."""
    joined = (" | ".join(part[: 2 * longest] for part in text if part) for text in texts)
    lines = (" ".join(each.split()) for each in joined)
    return [line if len(line) <= longest else f"{line[: longest - 1]}…" for line in lines]
