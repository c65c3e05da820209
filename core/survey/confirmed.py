"""Labels and numbers that someone has looked at and found right: they are not doubted again.

datasets/<id>/confirmed.json   what each image was confirmed to be, by its name; for all versions
"""

from __future__ import annotations

from collections.abc import Collection

from filelock import FileLock

from core.data.dataset import Dataset
from core.errors import DamagedError
from core.records import read
from core.workspace import write_json


def confirmed(dataset: Dataset) -> set[str]:
    """The names of the images whose present label or number was confirmed."""
    said = _read(dataset)
    if not said:  # as for most, which need not be looked through
        return set()
    answers = _answers(dataset)
    return {name for name, answer in said.items() if answers.get(name) == answer}


def confirm(dataset: Dataset, names: Collection[str]) -> None:
    """These images are what the dataset says they are."""
    answers = _answers(dataset)
    with FileLock(dataset.directory / ".confirmed.lock"):
        said = _read(dataset) | {name: answers[name] for name in names if name in answers}
        write_json(dataset.directory / "confirmed.json", said)


def _answers(dataset: Dataset) -> dict[str, str]:
    return dict(zip(dataset.frame["name"], map(str, dataset.frame[dataset.column])))


def _read(dataset: Dataset) -> dict[str, str]:
    try:
        return read(dataset.directory / "confirmed.json", dict[str, str])
    except (OSError, DamagedError):
        return {}
