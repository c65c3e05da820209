"""From files taken in to the rows of a dataset: each image's class, labels or number, its split, and what was left
out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

import pandas as pd

from core.data.report import Intaken
from core.errors import DataError
from core.finding import Finding
from core.importing.annotations import WHAT_TO_DO, Recognised, is_kind, kinds_of, masks_beside, only_generic, recognise
from core.importing.archives.entries import Source
from core.importing.intake import Intake, Rejected
from core.importing.interpreting import NO_IMAGE, Interpretation, interpret, question_of
from core.importing.layout import classes_and_splits, split_in
from core.importing.tables.encodings import twice_encoded
from core.importing.tables.manifest import Manifest, Said
from core.importing.tables.reading import Question, Reading
from core.importing.tables.table_report import letters
from core.modalities import IMAGE, Modality
from core.modalities.images.preprocessing import PLAIN, Rendering
from core.tasks import TASKS, Task
from core.words import names_of, number_of

Ask = Callable[[Question], Reading]


@dataclass(frozen=True)
class Sorted:
    """frame: a row an example, in the order of their names: the columns of a dataset's, with `given` for `split`: the
    split that it came with, or "". kind: the task's name. target: what a number is called.

    columns: by the names of the images, what their table says of them that may be classes and did not count; None if
        there is nothing such.
    rendering: with which the images are seen best.
    unlabelled: texts without an answer (text, second), to go on with pre-training from.
    """

    frame: pd.DataFrame
    kind: str
    target: str
    found: Intaken
    columns: pd.DataFrame | None = None
    rendering: Rendering = PLAIN
    modality: Modality = IMAGE
    unlabelled: pd.DataFrame | None = None

    @property
    def task(self) -> Task:
        return TASKS[self.kind]


def sort_out(
    intake: Intake,
    source: Source | None = None,
    reading: Reading | None = None,
    ask: Ask | None = None,
) -> Sorted:
    """
    intake: is emptied of its images and looks. source: of which it was taken, for what that knows of its answers.
    reading: what someone says of how it is to be read. ask: asked where several readings are likely and nobody said
        which; without it the likeliest is taken, and told.

    Raises:
        DataError: what is left makes no dataset, with what was found instead.
    """
    names = intake.rows["name"].tolist()
    if not names:
        raise DataError(_no_image(intake) if intake.modality.comes_from == "file" else _no_row(intake))
    source = source or Source(())
    masks = masks_beside(names)
    recognised = recognise(names, intake.notes) or _with_masks(masks)
    found = interpret(intake, names, source, reading or Reading(), recognised)
    asked = ask is not None and reading is None and source.labels is None
    if asked and (question := question_of(intake, names, source, found)):
        assert ask is not None
        found = replace(interpret(intake, names, source, ask(question), recognised), asked=True)
    manifest, rejected, kind, said = found.manifest, found.rejected, found.kind, found.said
    said = [None if name in masks else one for name, one in zip(names, said)] if masks else said
    of_tables = [one for one in manifest.findings if one.kind != "guess" or not found.asked] if manifest else []
    told = {name for one in of_tables if one.kind in ("no label", "several labels") for name in one.files}
    homeless = [name for name, one in zip(names, said) if one is None and name not in told and name not in masks]
    task = TASKS[kind]
    by_folders = task.told_by_folders and not any(one.label for one in (manifest.of.values() if manifest else ()))
    bare = _bare_classes(intake.bare, names) if by_folders else []
    labels = {one.label for one in said if one and one.label}
    if by_folders and recognised is not None and only_generic(labels):
        raise DataError(f"{recognised.words} {WHAT_TO_DO}")
    where = next((one.title for one in of_tables if one.kind == "boxes"), "")
    if task.told_by_folders and where and len(labels) < 2:
        raise DataError(f"{where} {WHAT_TO_DO}")
    causes = _causes(intake, rejected, names)
    files, frame = intake.files, _frame(intake, said, task)
    intake.rows = pd.DataFrame()
    del names, said  # the frame says it all in a fifth of the memory
    frame, repeated = _once(frame, task)
    untold = any(one.kind == "unused" for one in of_tables)
    _refuse_too_few(
        frame, task, intake.modality.noun, homeless, manifest.tables if manifest else (), bare, untold, causes
    )
    modality = intake.modality
    twins = modality.twins(frame, intake.looks)
    intake.looks = intake.looks[:0].copy()
    frame = frame.drop(columns=["look", "same"], errors="ignore").assign(twins=twins, sha256=modality.content(frame))
    findings = [
        *_bare(bare),
        *_left_out([*intake.rejected, *rejected]),
        *_homeless(homeless, manifest),
        *_names_read(intake, frame, task),
        *_levels(found, by_folders),
        *_boxes(recognised),
        *of_tables,
        *repeated,
        *modality.noticed(frame, intake.rendering),
    ]
    tables = list(manifest.tables) if manifest else []
    result = Intaken(findings=findings, files=files, tables=tables, ignored=intake.ignored)
    target = manifest.target if manifest else ""
    return Sorted(frame, kind, target, result, _columns(frame, manifest), intake.rendering, modality)


# What is told ---------------------------------------------------------------------------------------------------------


def _no_image(intake: Intake) -> str:
    """Why there is nothing to learn from, from the cause that explains most."""
    files = [*intake.rejected, *(Rejected(name, NO_IMAGE) for name, _ in intake.notes)]
    kinds = kinds_of((one.name, one.reason) for one in intake.rejected)
    reasons = Counter(one.reason for one in files if not is_kind(one.reason)).most_common(1)
    if kinds and (not reasons or reasons[0][0] == NO_IMAGE or reasons[0][1] <= len(files) / 2):
        return f"There is no image in it. {kinds}"
    if intake.tables and not reasons:
        return "There is a table, but no image. Give the images together with their table."
    if intake.ignored and not reasons:
        of_systems = number_of(intake.ignored)
        return (
            f"There is no image in it, only {of_systems} that a system keeps beside others, such as a Mac's ._ files, "
            "thumbnails and what was thrown away. Give folders of images, one folder a class."
        )
    hint = f" Of {number_of(len(files))} none could be used: {reasons[0][0]}" if reasons else " It is empty."
    return f"There is no image in it.{hint} Give folders of images, one folder a class."


def _no_row(intake: Intake) -> str:
    why = intake.rejected[0].reason if intake.rejected else "It is empty."
    return f"There is no {intake.modality.noun} in it. {why}"


def _causes(intake: Intake, rejected: Sequence[Rejected], names: Sequence[str]) -> str:
    """What may explain that there are no classes: tables that could not be used, broken images, other files."""
    told = [f"The table {one.name[-80:]!r} was passed over: {one.reason}" for one in rejected if one.reason != NO_IMAGE]
    told = [words for words in told if "list was believed" not in words and "example of answers" not in words][:2]
    if kinds := kinds_of((one.name, one.reason) for one in intake.rejected):
        told.append(kinds)
    broken = Counter(one.reason for one in intake.rejected if not is_kind(one.reason))
    if sum(broken.values()) >= max(1, len(names) / 4):
        reason, count = broken.most_common(1)[0]
        told.append(f"{number_of(count)} could not be used: {reason}")
    notes = [name for name, _ in intake.notes]
    if notes and not told:
        told.append(f"{number_of(len(notes), 'other file')} such as {notes[0][-80:]!r} named no image that is here.")
    tops = {name.split("/")[-2] for name in names if "/" in name}
    if not told and tops and all(split_in(top) for top in tops):
        told.append(f"The folders are called after splits ({names_of(sorted(tops))}) and hold no class folders.")
    return " ".join(told)


def _names_read(intake: Intake, frame: pd.DataFrame, task: Task) -> list[Finding]:
    strange = [name for answer in frame[task.column].unique() for name in task.parts(answer) if not name.isascii()]
    if not intake.encoding:
        return _twice_encoded({label: meant for label in strange if (meant := twice_encoded(label))})
    return [letters("What was given has names that are no UTF-8, and", intake.encoding, strange[:3])]


def _twice_encoded(meant: Mapping[str, str]) -> list[Finding]:
    if not meant:
        return []
    label, other = next(iter(meant.items()))
    title = f"{number_of(len(meant), 'class has', 'classes have')} letters that look wrong: {names_of(list(meant))}."
    why = f"A program seems to have taken UTF-8 for another encoding: {label!r} may mean {other!r}. Rename it."
    return [Finding(kind="letters", title=title, why=why, labels=list(meant))]


def _levels(found: Interpretation, by_folders: bool) -> list[Finding]:
    """That the classes were read from where other tools may not look for them."""
    folders = found.folders
    if not by_folders or folders.sure or found.reading.level is not None or found.asked:
        return []
    if folders.level == 0:
        title = "The classes were read from the files' names, as no folder tells any."
        why = "If that is wrong, put the images of each class into a folder of its name, and import again."
    elif folders.level > 1:
        title = (
            f"The classes are the folders inside of {names_of(folders.passed_over)}, as these all hold the same ones."
        )
        why = "If the outer folders are the classes, import again and say so: on the page, or with --label-folder 1."
    else:
        title = "The classes are the outer folders, though all of them hold the same folders."
        why = "If the inner ones are the classes, import again and say so: on the page, or with --label-folder 2."
    return [Finding(kind="guess", title=title, why=why)]


def _with_masks(masks: set[str]) -> Recognised | None:
    if not masks:
        return None
    return Recognised(
        "outlines", f"{number_of(len(masks), 'image is the mask', 'images are the masks')} of another.", {}
    )


def _boxes(recognised: Recognised | None) -> list[Finding]:
    if recognised is None or recognised.labels:
        return []
    why = (
        "Graft does not learn boxes or outlines yet: the classes of the folders were taken, and the rest left out. If "
        "that is not what you want, give a table with an image and its class a row, and import again."
    )
    return [Finding(kind="boxes", title=recognised.words, why=why)]


def _frame(intake: Intake, said: Sequence[Said | None], task: Task) -> pd.DataFrame:
    """The examples of which something is said, and what it is."""
    images = intake.rows
    told = [one for one in said if one is not None]
    if len(told) < len(said):
        images = images[[one is not None for one in said]].reset_index(drop=True)
    if images["name"].duplicated().any():
        images = images.assign(name=unique(images["name"].tolist()))
    return images.assign(
        same=intake.modality.content(images).rank(method="dense"),
        **{task.column: pd.Series([one.answer for one in told], dtype=task.columns[task.column])},
        given=[one.split or "" for one in told],
        group=[one.group for one in told],
    )


def _columns(frame: pd.DataFrame, manifest: Manifest | None) -> pd.DataFrame | None:
    if manifest is None or not manifest.columns:
        return None
    said = {column: frame["name"].map(cells).fillna("") for column, cells in manifest.columns.items()}
    return pd.DataFrame(said, dtype=str).set_axis(frame["name"].tolist())


def unique(names: list[str]) -> list[str]:
    """Archives may hold two files of one name; the second becomes `name (2)`, if no other is called so."""
    taken, result = set(names), list[str]()
    numbers: dict[str, Iterator[int]] = {}
    for name in names:
        new = name
        if name in numbers:
            new = next(each for number in numbers[name] if (each := f"{name} ({number})") not in taken)
        numbers.setdefault(name, count(2))
        taken.add(new)
        result.append(new)
    return result


def _once(frame: pd.DataFrame, task: Task) -> tuple[pd.DataFrame, list[Finding]]:
    """Each image once an answer: the first of equal bytes stays. Equal bytes in two classes stay, and are told."""
    what = ["same", task.column]
    again = frame.duplicated(what)
    if not again.any():
        return frame, []
    names = frame.loc[again, "name"].tolist()
    title = f"{number_of(len(names), 'exact copy was', 'exact copies were')} left out."
    why = "Each image was kept once; there is nothing to do."
    torn = frame[frame.groupby(what)["given"].transform("nunique") > 1]
    if len(torn):
        why += f" {number_of(torn.groupby(what).ngroups, 'image')} had copies on both sides of the split."
    kept = frame.loc[~again].reset_index(drop=True)
    return kept, [Finding(kind="repeated", title=title, why=why, files=names)]


def _refuse_too_few(
    frame: pd.DataFrame,
    task: Task,
    noun: str,
    homeless: Sequence[str],
    tables: Sequence[str],
    bare: Sequence[str],
    untold: bool,
    causes: str,
) -> None:
    """untold: a table has columns of which none can be told to be the classes. causes: what else was found that may
    explain it, in words."""
    if why := task.nothing_to_learn(frame, noun):
        raise DataError(why)
    if not task.told_by_folders:
        return
    labels = sorted(frame[task.column].unique())
    if not labels or (len(labels) == 1 and (untold or causes or only_generic(labels))):
        if tables and not causes:
            raise DataError(
                f"The table {tables[0][-120:]!r} names the images, but does not tell what they are. "
                "Call the column of their classes label, or that of their numbers target."
            )
        came = number_of(len(homeless) + len(frame), "image")
        raise DataError(
            f"{came} came but no class folder.{f' {causes}' if causes else ''} Put the images of each class into a "
            "folder with its name, or add a table (CSV) with a column for the path and one for the class."
        )
    if len(labels) == 1:
        empty = f" ({number_of(len(bare), 'folder is', 'folders are')} empty: {names_of(bare)})" if bare else ""
        where = f"The table {tables[0][-120:]!r} has" if tables and not bare else "There is"
        what = "a row for images of another" if tables and not bare else "one folder for each class"
        raise DataError(f"{where} only the class {labels[0][:80]!r}{empty}. Telling apart takes two: give {what}.")


def _bare_classes(bare: Sequence[str], images: list[str]) -> list[str]:
    """Classes whose folders have nothing in them."""
    if not bare:
        return []
    labels = [label for label, _ in classes_and_splits([*images, *(f"{folder}/nothing" for folder in bare)])]
    return sorted({label for label in labels[len(images) :] if label} - set(labels[: len(images)]))


def _bare(classes: Sequence[str]) -> list[Finding]:
    if not classes:
        return []
    title = f"{number_of(len(classes), 'class folder is', 'class folders are')} empty: {names_of(classes)}."
    why = "What has no image cannot be learned, so it is no class. Add some images and import again."
    return [Finding(kind="empty class", title=title, why=why, labels=list(classes))]


def _left_out(rejected: Sequence[Rejected]) -> list[Finding]:
    by_reason: dict[str, list[str]] = {}
    for one in rejected:
        by_reason.setdefault(one.reason, []).append(one.name)
    return [
        Finding(kind="left out", title=f"{number_of(len(names))} left out.", why=why, files=names)
        for why, names in by_reason.items()
    ]


def _homeless(names: list[str], manifest: Manifest | None) -> list[Finding]:
    if not names:
        return []
    why = "Outside of the class folders nothing tells what an image is. Move each into the folder of its class."
    if manifest is not None and manifest.tables:
        why = "The table does not name them, so nothing tells what they are. Add a row for each and import again."
    return [Finding(kind="no class", title=f"{number_of(len(names), 'image')} left out.", why=why, files=names)]
