"""Examples that are rows of tables: a text, a user and an item.

Each row gets a name, and what else stands in it is read as what any table says of the examples that it names.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from core.errors import DataError
from core.importing.archives.entries import Source
from core.importing.intake import Intake, Rejected
from core.importing.layout import is_junk
from core.importing.tables.cells import is_table, read
from core.importing.tables.reading import Reading
from core.limits import Limits
from core.modalities import Modality
from core.progress import Cancelled, OnProgress, Progress, WorkStopped

NAMED = "row"  # the column that is put before a table's own, with the name of each row


def take_rows(
    source: Source,
    modality: Modality,
    limits: Limits,
    reading: Reading,
    progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
) -> Intake:
    """Every row of every table that has the modality's columns is an example, or rejected with a reason.

    Raises:
        WorkStopped: `cancelled()` became true.
    """
    result = Intake(modality=modality)
    examples: list[dict[str, Any]] = []
    for number, entry in enumerate(source.entries, start=1):
        if cancelled is not None and cancelled():
            raise WorkStopped("The import was stopped; nothing of it was kept.")
        if is_junk(entry.name):
            result.ignored += 1
            continue
        try:
            if not is_table(entry.name):
                raise DataError(f"Each {modality.noun} is a row of a table, and this is none.")
            frame = read(entry.name, entry.read(limits), reading.encoding).frame
            examples += _examples(entry.name, frame, modality, result)
        except DataError as error:
            result.rejected.append(Rejected(entry.name, str(error)))
        if progress is not None:
            progress(Progress(f"Checking {modality.noun}s", number, source.total))
    rows = pd.DataFrame(examples, columns=["name", *modality.taken, "sha256"])
    result.rows = rows.sort_values("name", kind="stable", ignore_index=True)
    return result


def _examples(name: str, frame: pd.DataFrame, modality: Modality, result: Intake) -> Iterator[dict[str, Any]]:
    """
    Raises:
        DataError: the table has no columns of the modality's.
    """
    held = modality.held_by([str(column) for column in frame])
    if not held:
        raise DataError(f"No column of it holds a {modality.noun}.")
    digits = len(str(len(frame)))
    names = [f"{name.rsplit('.', 1)[0]} {number:0{digits}}" for number in range(1, len(frame) + 1)]
    said = frame.drop(columns=list(held)).rename(columns={NAMED: f"{NAMED} (2)"})
    said.insert(0, NAMED, names)
    result.tables.append((name, said))
    for row, cells in zip(names, zip(*(frame[column] for column in held))):
        found = modality.inspect(dict(zip(held, cells)))
        if isinstance(found, str):
            result.rejected.append(Rejected(row, found))
        else:
            yield {"name": row, **found}
