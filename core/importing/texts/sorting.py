"""From texts taken in to the rows of a dataset: each text, its answer, its split, and what was left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from core.data.report import Intaken
from core.errors import DataError
from core.importing.intake import Rejected
from core.importing.sorting import Sorted
from core.importing.tables.reading import Question, Reading
from core.importing.tables.table_report import letters_read
from core.importing.texts import telling
from core.importing.texts.interpreting import Interpretation, interpret, question_of
from core.importing.texts.taking import Taken
from core.modalities import Modality
from core.modalities.images.preprocessing import PLAIN
from core.progress import Cancelled, OnProgress, Progress, WorkStopped
from core.tasks import TASKS, Task
from core.words import number_of, shown_name

Ask = Callable[[Question], Reading]
BLOCK = 8_192  # rows
NOT_SAID = frozenset(("nan", "NaN", "null", "NULL", "None", "<NA>", "N/A", "n/a", "#N/A", "NaT", "\\N", "[null]"))


def sort_texts(
    taken: Taken,
    reading: Reading | None = None,
    ask: Ask | None = None,
    progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
) -> Sorted:
    """
    taken: is emptied. ask: asked where several readings are likely and nobody said which.

    Raises:
        DataError: what is left makes no dataset, with what was found instead.
        WorkStopped: `cancelled()` became true.
    """
    found = interpret(taken, reading or Reading())
    asked = ask is not None and reading is None and (question := question_of(taken, found)) is not None
    if asked:
        assert ask is not None and question is not None
        found = interpret(taken, ask(question))
    tables, of_tables = taken.tables, telling.mended(taken.tables)
    names = [table.name for table in tables] or [name for name, _ in taken.tagged]
    taken.tables = []
    modality, task = taken.modality, TASKS[found.answers.kind]
    rows = found.rows
    found = replace(found, rows=pd.DataFrame())
    frame, rejected = _inspected(rows, modality, found, progress, cancelled)
    del rows  # a million of them twice would be much
    rejected = [*taken.refused, *rejected]
    frame, unlabelled = _answered(frame, found, task)
    unanswered = unlabelled["name"].tolist()
    _refuse_too_few(frame, task, modality, taken, unanswered, rejected)
    frame = frame.assign(same=_numbered(modality.content(frame)))
    frame = frame.assign(twins=modality.twins(frame, np.empty((0, 0), np.uint8)), sha256=modality.content(frame))
    frame = frame.drop(columns="same")
    findings = [
        *telling.left_out(taken.rejected),
        *telling.left_out(rejected, modality.noun),
        *telling.unanswered(unanswered, found.answers, modality.noun),
        *letters_read(taken.letters),
        *of_tables,
        *telling.guessed(found.roles, found.answers, asked, bool(found.reading.text), bool(found.reading.column)),
        *telling.other_headings(found.used),
        *telling.joined(found.answers),
        *telling.at_blanks(found.answers),
        *telling.without_split(list(found.missed), found.roles.split, modality.noun),
        *telling.none_of_them(found.answers, int((frame[task.column] == "").sum()), modality.noun),
        *telling.nearly_taught(_of_test_alone(frame, task), _taught(frame, task)),
        *taken.findings,
        *found.findings,
        *modality.noticed(frame, PLAIN),
    ]
    files = len(frame) + len(rejected) + len(unanswered) + len(taken.rejected) + len(names) + taken.ignored
    result = Intaken(findings=findings, files=files, tables=names, ignored=taken.ignored)
    columns = None if found.others is None else found.others.loc[frame["name"]]
    kept = [name for name in ("text", "second") if name in unlabelled]
    return Sorted(frame, found.answers.kind, found.target, result, columns, PLAIN, modality, unlabelled[kept])


def _inspected(
    rows: pd.DataFrame,
    modality: Modality,
    found: Interpretation,
    progress: OnProgress | None,
    cancelled: Cancelled | None,
) -> tuple[pd.DataFrame, list[Rejected]]:
    """What the modality says of each text, some at a time; those that are none."""
    blocks, rejected = [], list[Rejected]()
    columns = [*modality.taken, "sha256"]
    for start in range(0, len(rows), BLOCK):
        if cancelled is not None and cancelled():
            raise WorkStopped("The import was stopped; nothing of it was kept.")
        some = rows.iloc[start : start + BLOCK]
        kept: dict[str, list[object]] = {name: [] for name in columns}
        whole = np.zeros(len(some), bool)
        for at, (name, text, second) in enumerate(zip(*(some[name].tolist() for name in ("name", "text", "second")))):
            said = {"text": "" if text in NOT_SAID else text}
            if found.pairs:
                said["second"] = "" if second in NOT_SAID else second
            seen = modality.inspect(said)
            if isinstance(seen, str):
                rejected.append(Rejected(name, seen))
                continue
            whole[at] = True
            for column in columns:
                kept[column].append(seen[column])
        block = some.loc[whole, ["name", "cell", "split", "group"]].reset_index(drop=True)
        blocks.append(block.assign(**{name: pd.Series(cells, index=block.index) for name, cells in kept.items()}))
        if progress is not None:
            progress(Progress(f"Checking {modality.noun}s", min(len(rows), start + BLOCK), len(rows)))
    frame = pd.concat(blocks, ignore_index=True) if blocks else rows.assign(sha256="", **dict.fromkeys(columns, ""))
    return frame, rejected


def _answered(frame: pd.DataFrame, found: Interpretation, task: Task) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows with an answer, and the others."""
    said = found.answers.values
    codes, cells = pd.factorize(frame["cell"])
    there = np.array([cell in said for cell in cells], bool)[codes] if len(cells) else np.zeros(0, bool)
    others = frame.loc[~there]
    values = np.array([said.get(cell) for cell in cells], object)
    frame = frame.assign(answer=values[codes] if len(cells) else [])
    if len(others):  # else a million texts would be there twice for nothing
        frame = frame.loc[there].reset_index(drop=True)
    dtype = task.columns[task.column]
    groups = {group: shown_name(group) for group in frame["group"].unique()}
    made = frame.assign(
        **{task.column: frame["answer"].astype(dtype)}, given=frame["split"], group=frame["group"].map(groups)
    )
    return made.drop(columns=["answer", "cell", "split"]), others


def _numbered(content: pd.Series) -> np.ndarray:
    return pd.factorize(content)[0] + 1


def _refuse_too_few(
    frame: pd.DataFrame,
    task: Task,
    modality: Modality,
    taken: Taken,
    unanswered: list[str],
    rejected: list[Rejected],
) -> None:
    noun = modality.noun
    if frame.empty:
        if rejected and not unanswered:
            raise DataError(f"There is no {noun} in it. {rejected[0].reason}")
        raise DataError(f"{number_of(len(unanswered), noun)} came, but none has an answer. Fill the column in.")
    if why := task.nothing_to_learn(frame, noun):
        raise DataError(why)
    if task.told_by_folders and frame[task.column].nunique() < 2:
        label = str(frame[task.column].iloc[0])
        more = f" {telling.left_out(rejected)[0].why}" if rejected else ""
        raise DataError(
            f"There is only the class {label[:80]!r}.{more} Telling apart takes two: give {noun}s of another, too."
        )


def _taught(frame: pd.DataFrame, task: Task) -> list[str]:
    """The answers of what is not the test part, where there are parts and answers are names."""
    if task.classes is None or "train" not in set(frame["given"]):
        return []
    return sorted(
        {one for cell in frame.loc[frame["given"] != "test", task.column].unique() for one in task.parts(cell)}
    )


def _of_test_alone(frame: pd.DataFrame, task: Task) -> dict[str, list[str]]:
    """The names of the test part's rows by answers that the others do not have."""
    taught = set(_taught(frame, task))
    if not taught:
        return {}
    rows = frame[frame["given"] == "test"]
    held = defaultdict[str, list[str]](list)
    for cell in rows[task.column].unique():
        for one in task.parts(cell):
            if one not in taught:
                held[one] += rows["name"][rows[task.column] == cell].tolist()
    return dict(held)
