"""Two datasets into one: the examples of both, the answers of the second in the words of the first. And some examples
of one as a dataset of their own."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any, BinaryIO

import pandas as pd

from core.data.dataset import Dataset
from core.errors import DataError
from core.importing.archives.entries import Entry, Source
from core.importing.tables.manifest import Said
from core.importing.tables.reading import NO_SECOND, Reading
from core.modalities.texts.kept import FILE, KeptTexts
from core.tasks.labels import folded, labels_in
from core.words import clean_label

LEFT_OUT = ""  # what a class becomes that is not wanted


def suggested(first: Dataset, second: Dataset) -> dict[str, str]:
    """What each class (or label) of the second is likely called in the first: the one that differs in capitals, width,
    spaces, hyphens or a plural alone; else it stays a class of its own."""
    known = {_singular(label): label for label in first.classes}
    return {label: known.get(_singular(label), label) for label in second.classes}


def _singular(label: str) -> str:
    return folded(label).removesuffix("s")


def merged_source(first: Dataset, second: Dataset, becomes: Mapping[str, str] | None = None) -> Source:
    """To be imported as a new dataset; both stay as they are.

    becomes: what classes (or labels) of the second are called in the first; `LEFT_OUT`: its images do not come along;
        those that are not named keep their name.

    Raises:
        DataError: they are of different kinds, the same one, or of numbers that are not called the same.
    """
    if first.id == second.id:
        raise DataError("These are the same dataset. Choose another one to put beside it.")
    task = first.task
    if first.task is not second.task or first.modality is not second.modality:
        raise DataError(
            f"{first.name[:80]!r} has {task.each} and {second.name[:80]!r} {second.task.each}. "
            "Only datasets with answers of the same kind become one."
        )
    if first.target != second.target:
        raise DataError(
            f"The numbers are {first.target[:80]!r} in the one and {second.target[:80]!r} in the other. Import the "
            "second again with its column called like the first's."
        )
    becomes = {old: clean_label(new) if new.strip() else LEFT_OUT for old, new in (becomes or {}).items()}
    return _source([Part(first, first.frame, {}), Part(second, second.frame, becomes)])


def subset_source(dataset: Dataset, names: Collection[str]) -> Source:
    """The examples of these names, to be imported as a dataset of their own; this one stays as it is.

    Raises:
        DataError: there are none.
    """
    rows = dataset.frame[dataset.frame["name"].isin(names)]
    if rows.empty:
        raise DataError(f"None of these {dataset.modality.noun}s is in this version of the dataset.")
    return _source([Part(dataset, rows, {})])


@dataclass(frozen=True, eq=False)
class Part:
    """rows: of the dataset's frame. becomes: as for `merged_source`."""

    dataset: Dataset
    rows: pd.DataFrame
    becomes: Mapping[str, str]

    def answers(self) -> Iterator[tuple[dict[str, Any], Any]]:
        """Each row with its answer."""
        task = self.dataset.task
        for row in self.rows.to_dict("records"):
            answer = row[task.column]
            if self.becomes and task.classes is not None:
                answer = task.classes.renamed(answer, self.becomes)
            if answer is not None:
                yield {str(key): value for key, value in row.items()}, answer


def _source(parts: Sequence[Part]) -> Source:
    first = parts[0].dataset
    return _of_rows(parts) if first.modality.comes_from == "row" else _of_files(parts)


def _of_files(parts: Sequence[Part]) -> Source:
    first = parts[0].dataset
    taken, said = dict[str, Said](), dict[str, Entry]()
    for part in parts:
        dataset = part.dataset
        for row, answer in part.answers():
            name = str(row["name"])
            name = name if name not in said else f"{clean_label(dataset.name)}/{name}"
            group = f"{dataset.id} {row['group']}" if row["group"] else ""
            split = row["split"] if dataset.split.given else None
            taken[name] = Said(answer, split=split, group=group)
            path = dataset.path(row["image"])
            said[name] = Entry(name, int(row["bytes"]), partial(_opened, str(path)))
    entries = list(said.values())
    size = sum(entry.size for entry in entries)
    return Source(entries, len(entries), size, labels=taken, kind=first.kind, target=first.target)


def _of_rows(parts: Sequence[Part]) -> Source:
    """The same of texts: a table with those of all."""
    first = parts[0].dataset
    task, rows, pairs = first.task, list[dict[str, Any]](), False
    for part in parts:
        dataset, kept = part.dataset, KeptTexts(part.dataset.path(FILE))
        texts = dict(zip(part.rows["row"], kept[part.rows["row"]]))
        for row, answer in part.answers():
            text, other = texts[row["row"]]
            if task.column == "label" and task.classes is not None and task.classes.several:
                answer = list(labels_in(answer))
            group = f"{dataset.id} {row['group']}" if row["group"] else ""
            split = row["split"] if dataset.split.given else ""
            rows.append({"text": text, "second": other, "answer": answer, "split": split, "group": group})
            pairs = pairs or bool(other)
    target = first.target or "answer"
    lines = (json.dumps({target if key == "answer" else key: cell for key, cell in row.items()}) for row in rows)
    data = "\n".join(lines).encode()
    entry = Entry("merged.jsonl", len(data), partial(BytesIO, data))
    second_text = "second" if pairs else NO_SECOND
    reading = Reading(target, kind=first.kind, modality=first.modality.name, text="text", second=second_text)
    return Source([entry], 1, len(data), reading=reading)


def _opened(path: str) -> BinaryIO:
    return open(path, "rb")


def read_mapping(pairs: Iterable[str]) -> dict[str, str]:
    """`old=new` each; `old=` leaves it out.

    Raises:
        DataError: one has no `=`.
    """
    found = {}
    for pair in pairs:
        old, equals, new = pair.partition("=")
        if not equals or not old:
            raise DataError(f"{pair[:80]!r} should say what a class becomes: OLD=NEW, or OLD= to leave it out.")
        found[old] = new
    return found
