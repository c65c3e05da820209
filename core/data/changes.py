"""Changes to a dataset. Each makes a new version; the old one stays, and the runs say which one they used."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from core.data.dataset import SPLITS, Dataset, new_version
from core.data.mending import mended_rows
from core.data.splits import Split, SplitSettings, split_rows
from core.errors import DataError
from core.finding import Finding
from core.tasks.classes import MOST_TO_LEAST, Classes
from core.tasks.labels import folded, labels_in, together
from core.words import names_of, number_of
from core.workspace import Workspace

SPLIT_WORDS: dict[Split, str] = {"train": "training", "validation": "validation", "test": "test"}
Answer = TypeVar("Answer")


def relabel(workspace: Workspace, dataset: Dataset, names: Collection[str], answer: Any) -> Dataset:
    """Give the examples of these names another answer: a class, new or not, or a number. Raises as `relabel_each`."""
    return relabel_each(workspace, dataset, dict.fromkeys(names, answer))


def relabel_each(workspace: Workspace, dataset: Dataset, answers: Mapping[str, Any]) -> Dataset:
    """Give each example, by name, another answer.

    Raises:
        DataError: an answer is none of the dataset's task, nothing would change, or too little would be left.
    """
    task, column = dataset.task, dataset.column
    cleaned = {name: task.cleaned(answer) for name, answer in answers.items()}
    rows = _rows(dataset, cleaned)
    frame = dataset.frame.copy()
    frame.loc[rows, column] = frame.loc[rows, "name"].map(cleaned)
    changed = frame[column] != dataset.frame[column]
    if not changed.any():
        raise DataError(f"Nothing changed: the {dataset.modality.noun}s have that {task.noun} already.")
    said = task.corrected(frame.loc[changed, column].tolist(), dataset.modality.noun)
    frame, repeats = _once(dataset, frame)
    return _made(workspace, dataset, frame, f"{said}{repeats}")


def relabel_by(workspace: Workspace, dataset: Dataset, column: str) -> Dataset:
    """Give each example the class that this one of `dataset.columns` says; of which it says nothing, it is left out.

    A split that was drawn is drawn anew, as its classes are others.

    Raises:
        DataError: there is no such column, it says what the answers are already, or too little would be left.
    """
    task = dataset.task
    if column not in dataset.columns:
        came = f"No column {column[:80]!r} came with these {dataset.modality.noun}s."
        raise DataError(f"{came} Import them again with their table.")
    cells = dataset.frame["name"].map(dataset.columns[column]).fillna("")
    means = {cell: task.cleaned(cell) for cell in cells.unique() if cell}
    told = cells != ""
    frame = dataset.frame[told].assign(**{task.column: cells[told].map(means)})
    if told.all() and (frame[task.column] == dataset.frame[task.column]).all():
        raise DataError(f"Nothing changed: the {dataset.modality.noun}s are of these classes already.")
    untold = int((~told).sum())
    frame, repeats = _once(dataset, frame)
    if not dataset.split.given and len(frame):
        frame = frame.assign(split=split_rows(frame, task, dataset.split))
    left_out = f"; {_many(dataset, untold)} of which it says nothing left out" if untold else ""
    return _made(workspace, dataset, frame, f"Classes taken from the column {names_of([column])}{left_out}{repeats}")


def rename_classes(workspace: Workspace, dataset: Dataset, becomes: Mapping[str, str]) -> Dataset:
    """Give classes, or labels, other names; those that get the same name become one.

    becomes: what each of these is called from now on.

    Raises:
        DataError: there are no classes, nothing would change, a name cannot be one, or too little would be left.
    """
    classes = _classes(dataset)
    new = {old: classes.named(name) for old, name in becomes.items() if old in dataset.classes}
    new = {old: name for old, name in new.items() if name != old}
    if not new:
        raise DataError("Nothing changed: they are called so already.")
    frame, repeats = _once(dataset, _renamed(dataset, new))
    said = ", ".join(f"{names_of([old])} is now {names_of([name])}" for old, name in list(new.items())[:3])
    more = f" and {len(new) - 3:,} more" if len(new) > 3 else ""
    return _made(workspace, dataset, frame, f"Renamed: {said}{more}{repeats}")


def mark(workspace: Workspace, dataset: Dataset, names: Collection[str], label: str, has: bool = True) -> Dataset:
    """Give the examples of these names one label more, new or not; or, unless they shall have it, take it from them.

    Raises:
        DataError: nothing would change, or all examples would have the same labels.
    """
    classes = _classes(dataset)
    if not classes.several:
        raise DataError(f"Each {dataset.modality.noun} of this dataset has one {classes.noun}. Relabel them instead.")
    if classes.placed:
        raise DataError(f"A {classes.noun} lies at a place in its {dataset.modality.noun}: none has it as a whole.")
    label, rows = classes.named(label), _rows(dataset, names)
    held = dataset.frame.loc[rows, dataset.column].map(labels_in)
    given = held.map(lambda labels: together({*labels, label} if has else {*labels} - {label}))
    changed = int((given != dataset.frame.loc[rows, dataset.column]).sum())
    if not changed:
        already = "that label already" if has else "no such label"
        raise DataError(f"Nothing changed: the {dataset.modality.noun}s have {already}.")
    frame = dataset.frame.copy()
    frame.loc[rows, dataset.column] = given
    frame, repeats = _once(dataset, frame)
    words = f"{names_of([label])} {'given to' if has else 'taken from'} {_many(dataset, changed)}{repeats}"
    return _made(workspace, dataset, frame, words)


def _classes(dataset: Dataset) -> Classes:
    """
    Raises:
        DataError: it has none.
    """
    if dataset.task.classes is None:
        raise DataError(f"This dataset has {dataset.task.plural}, not classes.")
    return dataset.task.classes


def _renamed(dataset: Dataset, becomes: Mapping[str, str]) -> pd.DataFrame:
    classes, texts = _classes(dataset), dataset.frame[dataset.column]
    new = {text: classes.renamed(text, becomes) for text in texts.unique()}
    return dataset.frame.assign(**{dataset.column: texts.map(new)})


def _once(dataset: Dataset, frame: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Each example once an answer, and in words how many had that answer already."""
    repeats = frame.duplicated(["sha256", dataset.column])
    words = f"; {number_of(int(repeats.sum()), 'copy', 'copies')} there already left out" if repeats.any() else ""
    return frame[~repeats].reset_index(drop=True), words


def with_copies(dataset: Dataset, answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """The same answers for the copies of these examples too: for those that say now what the example says."""
    frame = dataset.frame[dataset.frame["twins"] > 0]
    says = dict(zip(frame["name"], zip(frame["twins"], frame[dataset.column])))
    new = {says[name]: answer for name, answer in answers.items() if name in says}
    return {name: new[said] for name, said in says.items() if said in new} | dict(answers)


def leave_out(workspace: Workspace, dataset: Dataset, names: Collection[str], of: str = "") -> Dataset:
    """
    of: what they have in common, for the words that say what made the version.

    Raises:
        DataError: too little would be left.
    """
    rows = _rows(dataset, names)
    frame = dataset.frame[~rows].reset_index(drop=True)
    return _made(workspace, dataset, frame, f"{_many(dataset, int(rows.sum()))}{of and ' '}{of} left out")


def settle(workspace: Workspace, dataset: Dataset, names: Collection[str], answer: Any) -> Dataset:
    """Of examples that look the same and contradict each other, leave out those that do not say `answer`.

    answer: what the frame's column says of one of them.

    Raises:
        DataError: none of them says so, or too little would be left.
    """
    rows = _rows(dataset, names)
    says_so = dataset.frame[dataset.column] == answer
    if not (rows & says_so).any():
        raise DataError(f"None of these {dataset.modality.noun}s says so in this version of the dataset.")
    word = names_of([dataset.task.word(answer)])
    others = number_of(int((rows & ~says_so).sum()), "copy", "copies")
    frame = dataset.frame[~rows | says_so].reset_index(drop=True)
    return _made(workspace, dataset, frame, f"Settled as {word}: {others} that said otherwise left out")


def move(workspace: Workspace, dataset: Dataset, names: Collection[str], split: Split) -> Dataset:
    """Put the examples of these names, and no others, on one side of the split.

    Raises:
        DataError: they are there already, or nothing would be left to train on.
    """
    rows = _rows(dataset, names) & (dataset.frame["split"] != split)
    if not rows.any():
        raise DataError(f"Nothing changed: the {dataset.modality.noun}s are in {SPLIT_WORDS[split]} already.")
    frame = dataset.frame.copy()
    frame.loc[rows, "split"] = split
    return _made(workspace, dataset, frame, f"{_many(dataset, int(rows.sum()))} moved to {SPLIT_WORDS[split]}")


def resplit(workspace: Workspace, dataset: Dataset, *, validation: float, test: float, seed: int) -> Dataset:
    """Split anew by these shares of each class; groups and copies stay together.

    Raises:
        DataError: the shares leave too little to train on.
    """
    try:
        settings = SplitSettings(validation=validation, test=test, seed=seed)
    except ValueError as error:
        raise DataError(
            f"Validation {validation:.0%} and test {test:.0%} leave too little to train on; together they may take 90%."
        ) from error
    frame = dataset.frame.assign(split=split_rows(dataset.frame, dataset.task, settings))
    words = f"Split anew: {validation:.0%} validation, {test:.0%} test, seed {seed}"
    return new_version(workspace, dataset, frame, settings, words)


# What one click mends -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Repair:
    """label: what the button says; help: what it does, in a sentence."""

    key: str
    label: str
    help: str


_KEEP_ONE = Repair(
    "keep_one", "Keep one of each", "The largest {example} of each stays where it is; its copies are left out."
)
_ONE_SIDE = Repair(
    "one_side", "Move each to one side", "All stay, on the side of the split where most of the copies are."
)
_LEAVE_OUT = Repair("leave_out", "Leave them out", "They are left out of a new version; this one keeps them.")
_RESPLIT = Repair(
    "resplit", "Split anew", "A new split, with a fifth for validation: every class is taught and checked."
)
REPAIRS: dict[str, tuple[Repair, ...]] = {
    "duplicate": (_KEEP_ONE,),
    "leak": (_KEEP_ONE, _ONE_SIDE),
    "contradiction": (
        Repair("leave_out", "Leave them all out", "The {example}s and all their copies are left out of a new version."),
    ),
    "group": (Repair("one_side", "Move each to one side", "A group goes to the side where most of it is."),),
    "one colour": (_LEAVE_OUT,),
    "odd size": (_LEAVE_OUT,),
    "one image": (Repair("leave_out", "Leave these classes out", _LEAVE_OUT.help),),
    "few images": (Repair("leave_out", "Leave these classes out", _LEAVE_OUT.help),),
    "imbalance": (
        Repair(
            "even_out",
            "Use fewer of the large",
            f"Of each class {MOST_TO_LEAST} times the smallest stay at most, drawn by lot.",
        ),
    ),
    "similar names": (Repair("merge", "Make them one", "They get the name that most of their {example}s have."),),
    "no training": (_RESPLIT,),
    "no validation": (_RESPLIT,),
    "far out": (_LEAVE_OUT,),
    "mojibake": (Repair("mend", "Mend them", "What can be told is mended in a new version; this one keeps them."),),
}


_COMMON: dict[str, str] = {
    "contradiction": "with several answers",
    "one colour": "of one colour",
    "odd size": "very small or very long",
    "one image": "alone in a class",
    "few images": "of small classes",
    "far out": "with numbers far from the others",
}


def repairs(dataset: Dataset, finding: Finding) -> tuple[Repair, ...]:
    """What one click can do about a finding. Whole examples are not left out for one of their labels."""
    example = dataset.modality.noun
    found = tuple(replace(one, help=one.help.format(example=example)) for one in REPAIRS.get(finding.kind, ()))
    several = dataset.task.classes is not None and dataset.task.classes.several
    return () if several and finding.kind in ("one image", "few images") else found


def repair(workspace: Workspace, dataset: Dataset, finding: Finding, key: str) -> Dataset:
    """Do what the button `key` of the finding says.

    Raises:
        DataError: the finding has no such button, or too little would be left.
    """
    if key not in [one.key for one in repairs(dataset, finding)]:
        raise DataError(f"There is no repair {key!r} for this finding.")
    if key == "leave_out":
        return leave_out(workspace, dataset, finding.files, _COMMON.get(finding.kind, ""))
    if key == "resplit":
        return _split_anew(workspace, dataset)
    if key == "keep_one":
        return leave_out(workspace, dataset, _copies(dataset, finding), "that had copies")
    if key == "mend":
        frame, words = mended_rows(dataset, finding.files)
        frame, repeats = _once(dataset, frame)
        return _made(workspace, dataset, frame, f"{words}{repeats}")
    if key == "even_out":
        return leave_out(workspace, dataset, _too_many(dataset), "of the large classes")
    if key == "merge":
        return _made(workspace, dataset, *_merged(dataset, finding))
    return _made(workspace, dataset, *_on_one_side(dataset.frame, finding))


def _split_anew(workspace: Workspace, dataset: Dataset) -> Dataset:
    """With another seed, as the same would give the same."""
    settings = SplitSettings(validation=0.2, test=min(dataset.split.test, 0.7), seed=(dataset.split.seed + 1) % 2**31)
    if split_rows(dataset.frame, dataset.task, settings) == dataset.frame["split"].tolist():
        raise DataError(
            "Nothing changed: groups and copies stay together, and here they are too large to be divided. Leave some "
            f"of them out, or add {dataset.modality.noun}s that belong to others."
        )
    return resplit(workspace, dataset, validation=0.2, test=settings.test, seed=settings.seed)


def _copies(dataset: Dataset, finding: Finding) -> list[str]:
    """All but the largest of each group; of equals, the first."""
    sizes = dataset.modality.size(dataset.frame).set_axis(dataset.frame["name"])
    groups = [[name for name in group if name in sizes.index] for group in finding.groups]
    largest = {sizes[group].idxmax() for group in groups if group}
    return [name for group in groups for name in group if name not in largest]


def _too_many(dataset: Dataset) -> list[str]:
    frame, answers = dataset.frame, dataset.frame[dataset.column]
    sizes = answers.value_counts()
    most = MOST_TO_LEAST * int(sizes[sizes > 1].min())
    lots = np.random.default_rng(dataset.split.seed).permutation(len(frame))
    rank = pd.Series(lots, frame.index).groupby(answers).rank()
    return frame.loc[rank > most, "name"].tolist()


def _merged(dataset: Dataset, finding: Finding) -> tuple[pd.DataFrame, str]:
    named = dataset.frame[dataset.frame["name"].isin(finding.files)]
    sizes = _classes(dataset).each(named)[dataset.column].value_counts()
    by_folded: dict[str, list[str]] = {}
    for label in sizes.index:  # the most frequent first
        by_folded.setdefault(folded(label), []).append(label)
    chosen = {label: labels[0] for labels in by_folded.values() for label in labels if len(labels) > 1}
    frame, repeats = _once(dataset, _renamed(dataset, chosen))
    return frame, f"Classes made one: {names_of(list(dict.fromkeys(chosen.values())))}{repeats}"


def _on_one_side(frame: pd.DataFrame, finding: Finding) -> tuple[pd.DataFrame, str]:
    by_name = frame.set_index("name")["split"]
    side: dict[str, str] = {}
    for group in finding.groups:
        splits = by_name[[name for name in group if name in by_name.index]]
        order = splits.value_counts().reindex(list(SPLITS), fill_value=0)
        side |= dict.fromkeys(group, str(order.idxmax()))
    frame = frame.assign(split=frame["name"].map(side).fillna(frame["split"]))
    return frame, f"{number_of(len(finding.groups), 'group')} moved to one side of the split"


# ----------------------------------------------------------------------------------------------------------------------


def _rows(dataset: Dataset, names: Collection[str]) -> pd.Series:
    rows = dataset.frame["name"].isin(set(names))
    if not rows.any():
        raise DataError(f"None of these {dataset.modality.noun}s is in this version of the dataset.")
    return rows


def _many(dataset: Dataset, count: int) -> str:
    return number_of(count, dataset.modality.noun)


def _made(workspace: Workspace, dataset: Dataset, frame: pd.DataFrame, changed: str) -> Dataset:
    if frame[dataset.column].nunique() < 2:
        raise DataError(f"That would leave fewer than {dataset.task.fewest}, and nothing to tell apart.")
    if (frame["split"] == "train").sum() < 2:
        raise DataError(f"That would leave fewer than two {dataset.modality.noun}s to train on.")
    return new_version(workspace, dataset, frame, dataset.split, changed)
