"""A dataset to go on with pre-training on: the texts of another one, whose own words are the answer."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from core.data.dataset import UNLABELLED, Dataset
from core.data.report import Intaken
from core.errors import DamagedError, DataError
from core.importing.importing import write_dataset
from core.importing.sorting import Sorted
from core.modalities import TEXT
from core.tables import read_table
from core.tasks import LANGUAGE
from core.tasks.language import ITSELF
from core.workspace import Workspace

FEWEST = 10  # texts


def texts_to_read(dataset: Dataset) -> int:
    """How many texts `for_pretraining` would take, at most; 0 where there are none to go on with."""
    if dataset.modality is not TEXT or dataset.task is LANGUAGE:
        return 0
    return int((dataset.frame["split"] == "train").sum()) + len(_unlabelled(dataset.directory))


def for_pretraining(workspace: Workspace, dataset: Dataset) -> Dataset:
    """The training part's texts and those without an answer, each once, divided anew. The validation and the test part
    stay out, so that what is fine-tuned from there later has seen nothing of them.

    Raises:
        DataError: it has no texts, or too few.
    """
    if dataset.modality is not TEXT:
        raise DataError("Only texts are read on. Choose a dataset of texts.")
    if dataset.task is LANGUAGE:
        raise DataError(f"{dataset.name[:80]!r} is one to go on with pre-training on already.")
    rows = dataset.part("train")
    given = [*dataset.modality.stored(rows, dataset.path), *_unlabelled(dataset.directory).itertuples(index=False)]
    held = {each["sha256"] for each in _taken(dataset.modality.stored(_held_out(dataset), dataset.path))}
    taken = {each["sha256"]: each for each in _taken(given) if each["sha256"] not in held}
    if len(taken) < FEWEST:
        raise DataError(f"There are {len(taken)} texts to read, and it takes at least {FEWEST}. Import more of them.")
    frame = pd.DataFrame.from_records([*taken.values()])
    names = [f"text {number}" for number in range(1, len(frame) + 1)]
    frame = frame.assign(name=names, given="", group="", twins=0, **{LANGUAGE.column: ITSELF})
    found = Sorted(frame, LANGUAGE.name, "", Intaken(files=len(frame)), modality=TEXT)
    return write_dataset(workspace, found, f"{dataset.name[:60]}, only texts")


def _held_out(dataset: Dataset) -> pd.DataFrame:
    return dataset.frame[dataset.frame["split"] != "train"]


def _taken(given: list[tuple[str, str]]) -> list[dict[str, object]]:
    seen = [TEXT.inspect({"text": text} | ({"second": second} if second else {})) for text, second in given]
    return [dict(each) for each in seen if not isinstance(each, str)]


def _unlabelled(directory: Path) -> pd.DataFrame:
    """text, second; empty where every text has an answer, or the file is damaged."""
    try:
        frame = read_table(directory / UNLABELLED, {"text": "str"})
    except (OSError, DamagedError):
        return pd.DataFrame({"text": [], "second": []})
    return pd.DataFrame({"text": frame["text"], "second": frame.get("second", "")})
