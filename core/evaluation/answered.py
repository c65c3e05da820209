"""What a bundle's model answered about examples that it had not learned from: one part of them at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from core.data.dataset import Dataset
from core.data.splits import together
from core.errors import DamagedError, RunError
from core.modalities import IMAGE, MODALITIES, Modality, ModalityName
from core.records import read
from core.tables import read_table
from core.tasks import TASKS
from core.tasks.decision import PLAIN, Decision
from core.tasks.judging import Judge, Judged
from core.tasks.protocol import Task

FILE = "answers.parquet"
PLACES = ("image", "row")  # where an example lies: that of its modality is there


class Taught(BaseModel):
    """What of bundle.json says what it was taught. refitted: whether the validation part is among what it learned from;
    its answers are from before that."""

    model_config = ConfigDict(frozen=True)

    task: dict[str, Any]
    modality: ModalityName = IMAGE.name
    refitted: bool = False
    learned_from: int = 0
    best_epoch: int | None = None
    decision: Decision = PLAIN


@dataclass(frozen=True, eq=False)
class Answered:
    """One part of a dataset, answered.

    Attributes:
        part: "test", "validation", or "other": another dataset, or all of one.
        modality, task, spec: What the model was taught.
        answers: A row an example: `name`, where it lies (`image` or `row`), and the task's `answered`, as the network
            gave them.
        judged: The same as `core.tasks.judging` has it, by the bundle's decision.
        decision: That: a temperature, thresholds.
        rows: The dataset's row of each, in the same order; None where the dataset is gone, or another one now.
    """

    part: str
    modality: Modality
    task: Task
    spec: Mapping[str, Any]
    answers: pd.DataFrame
    judged: Judged
    rows: pd.DataFrame | None
    decision: Decision = PLAIN

    def __len__(self) -> int:
        return len(self.answers)

    @property
    def noun(self) -> str:
        """What an example is called."""
        return self.modality.noun

    @property
    def judge(self) -> Judge:
        judge = self.task.judge
        assert judge is not None
        return judge

    @cached_property
    def undecided(self) -> Judged:
        """With nothing decided: the likeliest class, labels above one half, chances as the network gave them."""
        if self.decision == PLAIN:
            return self.judged
        return self.judge.judged(self.answers, self.spec, self.judged.groups)


def parts_of(bundle: Path, file: str = FILE) -> dict[str, int]:
    """The parts that were answered, with how many examples each has, the test part first."""
    try:
        counts = read_table(bundle / file, {"split": "str"})["split"].value_counts()
    except (OSError, DamagedError):
        return {}
    return {part: int(counts[part]) for part in ("test", "validation") if part in counts}


def answered(bundle: Path, dataset: Dataset | None, part: str) -> Answered:
    """A part of those that the run was asked about when it ended.

    dataset: the version that the run learned from; None where it is gone.

    Raises:
        RunError: the bundle keeps no such answers, or they are damaged.
    """
    taught = taught_by(bundle)
    answers = kept_answers(bundle / FILE)
    answers = answers[answers["split"] == part].reset_index(drop=True) if "split" in answers else answers
    if answers.empty:
        raise RunError(f"This run kept no answers about a {part} part. Choose another part, or another dataset.")
    return judged_of(answers, part, taught, dataset)


def taught_by(bundle: Path) -> Taught:
    """
    Raises:
        RunError: its description cannot be read.
    """
    try:
        taught = read(bundle / "bundle.json", Taught)
        task = TASKS[taught.task["kind"]]
        taught.decision.check(len(task.choices(task.check(taught.task))))
    except (OSError, DamagedError, KeyError, ValueError) as error:
        raise RunError(f"What this run was taught cannot be read ({error}). Choose another run.") from error
    return taught


def kept_answers(path: Path) -> pd.DataFrame:
    """
    Raises:
        RunError: there are none, or they are damaged.
    """
    try:
        return read_table(path, {})
    except FileNotFoundError as error:
        raise RunError("This run kept no answers, as runs of earlier versions do not. Train it again.") from error
    except DamagedError as error:
        raise RunError(f"The answers of this run cannot be read ({error.reason}). Train it again.") from error


def judged_of(answers: pd.DataFrame, part: str, taught: Taught, dataset: Dataset | None) -> Answered:
    """
    answers: of a part. dataset: whose examples these are.

    Raises:
        RunError: too little was kept of them.
    """
    spec, task = taught.task, TASKS[taught.task["kind"]]
    if task.judge is None:
        raise RunError(f"Nothing says yet how good answers about {task.plural} are.")
    rows = _rows_of(answers, dataset)
    groups = np.arange(len(answers)) if rows is None else np.array(together(rows), np.int64)
    try:
        judged = task.judge.judged(answers, spec, groups, taught.decision)
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(f"The answers of this run are of an earlier version ({error}). Train it again.") from error
    return Answered(part, MODALITIES[taught.modality], task, spec, answers, judged, rows, taught.decision)


def _rows_of(answers: pd.DataFrame, dataset: Dataset | None) -> pd.DataFrame | None:
    """The dataset's row of each answer; None where one has none."""
    place = next((name for name in PLACES if name in answers), None)
    if dataset is None or place is None or place not in dataset.frame:
        return None
    number = {key: at for at, key in enumerate(zip(dataset.frame[place], dataset.frame["name"]))}
    found = [number.get(key, -1) for key in zip(answers[place], answers["name"])]
    return None if -1 in found else dataset.frame.iloc[found].reset_index(drop=True)
