"""What in a version of a dataset could spoil the training, worked out from its rows, and some of its texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pandas as pd

from core.data.report import Intaken, Report
from core.errors import DataError
from core.finding import Finding
from core.modalities.protocol import Modality
from core.tasks.protocol import Task
from core.words import number_of

SPLITS = ("train", "validation", "test")
# As they are best mended, one after another: what changes the classes first, then what changes how many images there
# are, as both may mend or make those that come after. Those that are not named here come last.
ORDER = (
    *("mojibake", "one number", "similar names", "contradiction", "leak", "tell-tale", "duplicate", "group"),
    *("one colour", "odd size", "far out", "no training", "no validation", "one image", "few images", "imbalance"),
)
_PLACE = {kind: place for place, kind in enumerate(ORDER)}


def report_on(
    name: str,
    frame: pd.DataFrame,
    modality: Modality,
    task: Task,
    target: str,
    found: Intaken,
    path: Callable[[str], Path] | None = None,
) -> Report:
    """The whole report of a version: what its rows show, and what the import had found. path: where a file of it lies;
    None where none is kept yet."""
    splits = frame["split"].value_counts()
    return Report(
        name=name,
        images=len(frame),
        example=modality.noun,
        splits={split: int(splits.get(split, 0)) for split in SPLITS},
        findings=[*findings(frame, modality, task, path), *found.findings],
        files=found.files,
        tables=found.tables,
        ignored=found.ignored,
        **modality.summary(frame),
        **task.summary(frame, target),
    )


def findings(
    frame: pd.DataFrame, modality: Modality, task: Task, path: Callable[[str], Path] | None = None
) -> list[Finding]:
    """In their `ORDER`."""
    example = modality.noun
    found = [*_copies(frame, task, example), *_groups(frame), *modality.findings(frame), *task.findings(frame, example)]
    if path is not None and task.classes is not None and not task.classes.placed:
        parts = {answer: task.parts(answer) for answer in frame[task.column].unique()}
        with suppress(DataError):  # which whoever looks at the examples is told
            found += modality.giving_away(frame, [parts[answer] for answer in frame[task.column]], path)
    return sorted(found, key=lambda one: _PLACE.get(one.kind, len(ORDER)))


def _copies(frame: pd.DataFrame, task: Task, example: str) -> Iterator[Finding]:
    """Each example with copies in one finding alone: what they contradict is settled before any of them is left out."""
    twins = frame[frame["twins"] > 0]
    if twins.empty:
        return
    torn = task.contradicting(twins, frame)
    if torn.any():
        groups = _members(twins[torn], "twins")
        has = number_of(len(groups), f"{example} has", f"{example}s have")
        title = f"{has} copies with different {task.plural}."
        why = "No model can learn two answers to one question: say what each is, or leave it out with its copies."
        yield _grouped("contradiction", title, why, groups)
    same = twins[~torn]
    groups = _straddling(same, "twins")
    if groups:
        lie = number_of(len(groups), f"{example} lies", f"{example}s lie")
        why = (
            "The model is then judged on what it has learned by heart, and the score is a lie. "
            "Keep one of each, or all of them on one side."
        )
        yield _grouped("leak", f"{lie} on both sides of the split as copies.", why, groups)
    same = same[~same["name"].isin([name for group in groups for name in group])]
    groups = _members(same[same.groupby("twins")["name"].transform("size") > 1], "twins")
    if groups:
        title = f"{number_of(len(groups), f'{example} is', f'{example}s are')} in it more than once, or nearly so."
        why = f"Copies teach nothing new, and give their {example} more weight. A new split keeps them together."
        yield _grouped("duplicate", title, why, groups)


def _groups(frame: pd.DataFrame) -> Iterator[Finding]:
    groups = _straddling(frame[frame["group"] != ""], "group")
    if groups:
        title = f"{number_of(len(groups), 'group lies', 'groups lie')} on both sides of the split."
        why = (
            "What belongs together (one patient, one scene) was to stay on one side, "
            "or the score tells how well the model knows them, not how it will do with new ones."
        )
        yield _grouped("group", title, why, groups)


def _straddling(frame: pd.DataFrame, column: str) -> list[list[str]]:
    if frame.empty:
        return []
    return _members(frame[frame.groupby(column)["split"].transform("nunique") > 1], column)


def _members(frame: pd.DataFrame, column: str) -> list[list[str]]:
    return [names.tolist() for _, names in frame.groupby(column)["name"]] if len(frame) else []


def _grouped(kind: str, title: str, why: str, groups: list[list[str]]) -> Finding:
    return Finding(kind=kind, title=title, why=why, files=[name for group in groups for name in group], groups=groups)
