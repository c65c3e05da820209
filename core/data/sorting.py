"""From files taken in to the rows of a dataset: each picture's class, labels or number, its split, and what was left
out."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

import pandas as pd

from core.data.annotations import WHAT_TO_DO, Recognised, kinds_of, only_generic, recognise
from core.data.entries import Source
from core.data.findings import shown
from core.data.intake import Intake, Rejected
from core.data.labels import labels_in
from core.data.layout import Folders, classes_and_splits, read_folders, split_in
from core.data.manifest import Manifest, Said, from_labels, from_project, letters, read_manifest
from core.data.preprocessing import PLAIN, Rendering
from core.data.reading import FOLDERS, NEW_SPLIT, Kind, Option, Question, Reading
from core.data.report import Finding, Intaken, names_of, number_of
from core.data.tables import PROJECT, may_be_table
from core.data.twins import find_twins
from core.errors import DataError

MOST_OPTIONS = 6
EXAMPLES, EXAMPLED = 4, 8  # images of an answer, and answers, that are shown of an option
NO_IMAGE = "This is not an image, and says nothing of the images here."
Ask = Callable[[Question], Reading]


@dataclass(frozen=True)
class Sorted:
    """frame: a row a picture, in the order of their names: the columns of a dataset's, with `given` for `split`: the
    split that it came with, or "". target: what the number is called, for kind "number".

    columns: by the names of the pictures, what their table says of them that may be classes and did not count; None if
        there is nothing such.
    rendering: with which the pictures are seen best.
    """

    frame: pd.DataFrame
    kind: Kind
    target: str
    found: Intaken
    columns: pd.DataFrame | None = None
    rendering: Rendering = PLAIN


def sort_out(
    intake: Intake,
    source: Source | None = None,
    reading: Reading | None = None,
    ask: Ask | None = None,
) -> Sorted:
    """
    intake: is emptied of its pictures and looks. source: of which it was taken, for what that knows of its answers.
    reading: what someone says of how it is to be read. ask: asked where several readings are likely and nobody said
        which; without it the likeliest is taken, and told.

    Raises:
        DataError: what is left makes no dataset, with what was found instead.
    """
    names = intake.pictures["name"].tolist()
    if not names:
        raise DataError(_no_image(intake))
    source = source or Source(())
    recognised = recognise(names, intake.notes)
    found = _read(intake, names, source, reading or Reading(), recognised)
    asked = ask is not None and reading is None and source.labels is None
    if asked and (question := _question(intake, names, source, found)):
        assert ask is not None
        found = replace(_read(intake, names, source, ask(question), recognised), asked=True)
    manifest, rejected, kind, said = found.manifest, found.rejected, found.kind, found.said
    of_tables = [one for one in manifest.findings if one.kind != "guess" or not found.asked] if manifest else []
    told = {name for one in of_tables if one.kind in ("no label", "several labels") for name in one.files}
    homeless = [name for name, one in zip(names, said) if one is None and name not in told]
    by_folders = kind == "classes" and not any(one.label for one in (manifest.of.values() if manifest else ()))
    bare = _bare_classes(intake.bare, names) if by_folders else []
    if by_folders and recognised is not None and only_generic({one.label for one in said if one and one.label}):
        raise DataError(f"{recognised.words} {WHAT_TO_DO}")
    causes = _causes(intake, rejected, names)
    files, frame = intake.files, _frame(intake.pictures, said)
    intake.pictures = pd.DataFrame()
    del names, said  # the frame says it all in a fifth of the memory
    frame, repeated = _once(frame, kind)
    untold = any(one.kind == "unused" for one in of_tables)
    _refuse_too_few(frame, kind, homeless, manifest.tables if manifest else (), bare, untold, causes)
    twins = find_twins(frame, intake.looks)
    intake.looks = intake.looks[:0].copy()
    frame = frame.drop(columns=["look", "same"]).assign(twins=twins, sha256=frame["image"].str[3:67])
    findings = [
        *_bare(bare),
        *_left_out([*intake.rejected, *rejected]),
        *_homeless(homeless, manifest),
        *_names_read(intake, frame),
        *_levels(found, by_folders),
        *_boxes(recognised),
        *of_tables,
        *repeated,
        *_mended(frame),
        *shown(frame, intake.rendering),
    ]
    tables = list(manifest.tables) if manifest else []
    result = Intaken(findings=findings, files=files, tables=tables, ignored=intake.ignored)
    return Sorted(frame, kind, manifest.target if manifest else "", result, _columns(frame, manifest), intake.rendering)


# How it is read -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Read:
    """said: of each image, in order. folders: what the folders tell, which may not have counted. asked: whether a
    person chose it."""

    reading: Reading
    manifest: Manifest | None
    rejected: list[Rejected]
    folders: Folders
    said: list[Said | None]
    asked: bool = False

    @property
    def kind(self) -> Kind:
        return self.manifest.kind if self.manifest else "classes"

    @property
    def by_table(self) -> bool:
        return self.manifest is not None and (
            self.kind != "classes" or any(one.label for one in self.manifest.of.values())
        )


def _read(
    intake: Intake,
    names: list[str],
    source: Source,
    reading: Reading,
    recognised: Recognised | None,
) -> _Read:
    folders = read_folders(names, reading.level, splits=reading.split in ("", FOLDERS))
    if source.labels is None and recognised is not None and recognised.kind == "classes":
        source = replace(source, labels=recognised.labels)
    told = {label for label, _ in folders.of if label}
    manifest, rejected = _manifest(intake, names, source, reading, len(told) > 1 and not only_generic(told))
    return _Read(reading, manifest, rejected, folders, _said(names, manifest, folders, reading))


def _manifest(
    intake: Intake,
    images: list[str],
    source: Source,
    reading: Reading,
    folders_tell: bool,
) -> tuple[Manifest | None, list[Rejected]]:
    """What is said of the images beyond their folders, and the files that say nothing of them."""
    notes = [Rejected(name, NO_IMAGE) for name, _ in intake.notes]
    labels, table = source.labels, source.table
    if labels is not None:
        others = [Rejected(name, "A table says nothing here.") for name, _ in intake.tables]
        return from_labels(labels, source.kind, source.target), [*others, *([] if notes and labels else notes)]
    projects = [(name, data) for name, data in intake.tables if posixpath.basename(name) == PROJECT]
    tables = [(name, data) for name, data in intake.tables if posixpath.basename(name) != PROJECT]
    for name, data in projects:
        if isinstance(data, bytes) and (found := from_project(name, data, images)):
            manifest = from_labels(found)
            manifest = Manifest("classes", "", manifest.of, (name,))
            return manifest, [*(Rejected(other, "The project's own list was believed.") for other, _ in tables), *notes]
    rejected = [Rejected(name, "It names no picture that is here.") for name, _ in projects]
    if reading.level is not None:  # the folders shall tell the classes
        return None, [*rejected, *(Rejected(name, "The folders were to tell.") for name, _ in tables), *notes]
    read = read_manifest(tables, images, table, reading, folders_tell)
    if (read is None or not read.tables) and not table:
        lists = [(name, data) for name, data in intake.notes if may_be_table(name)]
        listed = read_manifest(lists, images, "", reading, folders_tell) if lists else None
        if listed is not None and listed.tables:
            rejected += [Rejected(name, reason) for name, reason in (read.others if read else ())]
            notes = [each for each in notes if each.name not in listed.tables]
            return replace(listed, others=()), [*rejected, *notes]
    if read is not None:
        rejected += [Rejected(name, reason) for name, reason in read.others]
    return (read if read is not None and read.tables else None), [*rejected, *notes]


def _said(images: list[str], manifest: Manifest | None, folders: Folders, reading: Reading) -> list[Said | None]:
    """What is said of each image, by its table or by its folder."""
    if manifest is None:
        of_folder = {told: Said(told[0], split=told[1]) for told in set(folders.of) if told[0]}
        return [of_folder.get(told) for told in folders.of]
    if manifest.kind != "classes":
        return [manifest.of.get(image) for image in images]
    classes = {said.label for said in manifest.of.values() if said.label}
    result: list[Said | None] = []
    for image, (label, split) in zip(images, folders.of):
        said = manifest.of.get(image)
        if said is None and classes and label in classes:  # of those that the table leaves out, the folders tell
            said = Said(label or "", split=split)
        elif said is not None and not (said.label and said.split):  # what the table leaves open, the folders may tell
            told_label = said.label or ("" if classes else label or "")
            said = Said(told_label, split=said.split or split, group=said.group) if told_label else None
        result.append(said)
    if reading.split == NEW_SPLIT:
        result = [None if said is None else replace(said, split=None) for said in result]
    return result


def _question(intake: Intake, names: list[str], source: Source, found: _Read) -> Question | None:
    """What to ask where the guess decides the answer and something else is likely too."""
    readings = [found.reading, *_other_readings(found)]
    why = _doubt(found)
    if not why or len(readings) < 2:
        return None
    options: list[Option] = []
    for reading in readings[:MOST_OPTIONS]:
        try:
            read = found if reading is found.reading else _read(intake, names, source, reading, None)
        except DataError:
            continue
        option = _option(read, names)
        if len(option.counts) > 1 and all(option.counts != other.counts for other in options):
            options.append(option)
    if len(options) < 2:
        return None
    splits = {"": "As it comes, if it comes with one", NEW_SPLIT: "A new one"}
    return Question(why, tuple(options), splits)


def _doubt(found: _Read) -> str:
    if found.by_table and found.manifest is not None:
        return "" if found.manifest.sure else "The table can be read in more than one way."
    if found.manifest is not None and found.manifest.candidates:
        return "The folders tell classes, and so may the table."
    return "" if found.folders.sure else "More than one level of the folders may be the classes."


def _other_readings(found: _Read) -> Iterator[Reading]:
    base = found.reading
    if found.kind == "labels":
        yield replace(base, kind="classes")
    if found.manifest is not None:
        for one in found.manifest.candidates:
            yield replace(base, column=one.column, kind=one.kind)
            if one.kind == "number":
                yield replace(base, column=one.column, kind="classes")
    if any(label for label, _ in found.folders.of):
        for level in range(1, min(found.folders.levels, 3) + 1):
            yield replace(base, level=level)
        if found.folders.level == 0:
            yield replace(base, level=0)


def _option(read: _Read, names: list[str]) -> Option:
    counts, examples = Counter[str](), dict[str, list[str]]()
    for name, said in zip(names, read.said):
        if said is None:
            continue
        answers = [f"{said.target:g}"] if read.kind == "number" else list(labels_in(said.label)) or ["none of them"]
        for answer in answers:
            counts[answer] += 1
            held = examples.setdefault(answer, [])
            if len(held) < EXAMPLES:
                held.append(name)
    shown = [answer for answer, _ in counts.most_common(EXAMPLED)]
    kept = {answer: tuple(examples[answer]) for answer in shown}
    return Option(read.reading, _title(read, counts), dict(counts.most_common(200)), kept)


def _title(read: _Read, counts: Counter[str]) -> str:
    many = number_of(len(counts), "class", "classes")
    if read.by_table and read.manifest is not None:
        column = read.reading.column or next((one.column for one in read.manifest.candidates), "")
        column = read.manifest.target or column
        if read.kind == "number":
            return f"The column {column!r}, as a number to predict"
        labels = " (several an image)" if read.kind == "labels" else ""
        return f"The column {column!r}: {many}{labels}"
    if read.folders.level == 0:
        return f"How the files' names begin: {many}"
    place = ("first", "second", "third")[min(read.folders.level, 3) - 1]
    return f"The {place} level of the folders: {many}" if read.folders.levels > 1 else f"The folders: {many}"


# What is told ---------------------------------------------------------------------------------------------------------


def _no_image(intake: Intake) -> str:
    """Why there is nothing to learn from, from the cause that explains most."""
    files = [*intake.rejected, *(Rejected(name, NO_IMAGE) for name, _ in intake.notes)]
    kinds = kinds_of(one.name for one in intake.rejected)
    reasons = Counter(one.reason for one in files if not one.reason.startswith("It is ")).most_common(1)
    if kinds and (not reasons or reasons[0][1] <= len(files) / 2):
        return f"There is no image in it. {kinds}"
    if intake.tables and not reasons:
        return "There is a table, but no image. Give the images together with their table."
    hint = f" Of {number_of(len(files))} none could be used: {reasons[0][0]}" if reasons else " It is empty."
    return f"There is no image in it.{hint} Give folders of images, one folder a class."


def _causes(intake: Intake, rejected: Sequence[Rejected], names: Sequence[str]) -> str:
    """What may explain that there are no classes: tables that could not be used, broken images, other files."""
    told = [f"The table {one.name[-80:]!r} was passed over: {one.reason}" for one in rejected if one.reason != NO_IMAGE]
    told = [words for words in told if "list was believed" not in words and "example of answers" not in words][:2]
    if kinds := kinds_of(one.name for one in intake.rejected):
        told.append(kinds)
    broken = Counter(one.reason for one in intake.rejected if not one.reason.startswith("It is "))
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


def _names_read(intake: Intake, frame: pd.DataFrame) -> list[Finding]:
    if not intake.encoding:
        return []
    strange = [label for text in frame["label"].unique() for label in labels_in(text) if not label.isascii()]
    return [letters("What was given has names that are no UTF-8, and", intake.encoding, strange[:3])]


def _levels(found: _Read, by_folders: bool) -> list[Finding]:
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


def _boxes(recognised: Recognised | None) -> list[Finding]:
    if recognised is None or recognised.kind == "classes":
        return []
    why = (
        "Graft does not learn boxes or outlines yet: the classes of the folders were taken, and the rest left out. If "
        "that is not what you want, give a table with an image and its class a row, and import again."
    )
    return [Finding(kind="boxes", title=recognised.words, why=why)]


def _frame(pictures: pd.DataFrame, said: Sequence[Said | None]) -> pd.DataFrame:
    """The pictures of which something is said, and what it is."""
    told = [one for one in said if one is not None]
    if len(told) < len(said):
        pictures = pictures[[one is not None for one in said]].reset_index(drop=True)
    if pictures["name"].duplicated().any():
        pictures = pictures.assign(name=_unique(pictures["name"].tolist()))
    return pictures.assign(
        same=pictures["image"].rank(method="dense"),  # which is called by its bytes
        label=[one.label for one in told],
        target=pd.Series([one.target for one in told], dtype="float64"),
        given=[one.split or "" for one in told],
        group=[one.group for one in told],
    )


def _columns(frame: pd.DataFrame, manifest: Manifest | None) -> pd.DataFrame | None:
    if manifest is None or not manifest.columns:
        return None
    said = {column: frame["name"].map(cells).fillna("") for column, cells in manifest.columns.items()}
    return pd.DataFrame(said, dtype=str).set_axis(frame["name"].tolist())


def _unique(names: list[str]) -> list[str]:
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


def _once(frame: pd.DataFrame, kind: Kind) -> tuple[pd.DataFrame, list[Finding]]:
    """Each picture once a class: the first of equal bytes stays. Equal bytes in two classes stay, and are told."""
    what = ["same", "target" if kind == "number" else "label"]
    again = frame.duplicated(what)
    if not again.any():
        return frame, []
    names = frame.loc[again, "name"].tolist()
    title = f"{number_of(len(names), 'exact copy was', 'exact copies were')} left out."
    why = "Each picture was kept once; there is nothing to do."
    torn = frame[frame.groupby(what)["given"].transform("nunique") > 1]
    if len(torn):
        why += f" {number_of(torn.groupby(what).ngroups, 'picture')} had copies on both sides of the split."
    kept = frame.loc[~again].reset_index(drop=True)
    return kept, [Finding(kind="repeated", title=title, why=why, files=names)]


def _refuse_too_few(
    frame: pd.DataFrame,
    kind: Kind,
    homeless: Sequence[str],
    tables: Sequence[str],
    bare: Sequence[str],
    untold: bool,
    causes: str,
) -> None:
    """untold: a table has columns of which none can be told to be the classes. causes: what else was found that may
    explain it, in words."""
    if kind == "number":
        if frame["target"].nunique() < 2:
            raise DataError("All the pictures have the same number, so there is nothing to learn from them.")
        return
    if kind == "labels":
        if frame["label"].nunique() < 2:
            raise DataError("All the pictures have the same labels, so there is nothing to tell apart.")
        return
    labels = sorted(frame["label"].unique())
    if not labels or (len(labels) == 1 and (untold or causes or only_generic(labels))):
        if tables and not causes:
            raise DataError(
                f"The table {tables[0][-120:]!r} names the pictures, but does not tell what they are. "
                "Call the column of their classes label, or that of their numbers target."
            )
        came = number_of(len(homeless) + len(frame), "image")
        raise DataError(
            f"{came} came but no class folder.{f' {causes}' if causes else ''} Put the images of each class into a "
            "folder with its name, or add a table (CSV) with a column for the path and one for the class."
        )
    if len(labels) == 1:
        empty = f" ({number_of(len(bare), 'folder is', 'folders are')} empty: {names_of(bare)})" if bare else ""
        raise DataError(
            f"There is only the class {labels[0][:80]!r}{empty}. "
            "Telling apart takes two: give one folder for each class."
        )


def _bare_classes(bare: Sequence[str], pictures: list[str]) -> list[str]:
    """Classes whose folders have nothing in them."""
    if not bare:
        return []
    labels = [label for label, _ in classes_and_splits([*pictures, *(f"{folder}/nothing" for folder in bare)])]
    return sorted({label for label in labels[len(pictures) :] if label} - set(labels[: len(pictures)]))


def _bare(classes: Sequence[str]) -> list[Finding]:
    if not classes:
        return []
    title = f"{number_of(len(classes), 'class folder is', 'class folders are')} empty: {names_of(classes)}."
    why = "What has no picture cannot be learned, so it is no class. Add some pictures and import again."
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
    why = "Outside of the class folders nothing tells what a picture is. Move each into the folder of its class."
    if manifest is not None and manifest.tables:
        why = "The table does not name them, so nothing tells what they are. Add a row for each and import again."
    return [Finding(kind="no class", title=f"{number_of(len(names), 'picture')} left out.", why=why, files=names)]


def _mended(frame: pd.DataFrame) -> list[Finding]:
    mended = frame[frame["mended"] != ""]
    if mended.empty:
        return []
    counts = Counter(word for said in mended["mended"] for word in said.split(", "))
    words = ", ".join(f"{word} ({count:,})" for word, count in counts.most_common())
    are = number_of(len(mended), "picture is", "pictures are")
    title = f"{are} brought into shape on the way in."
    why = f"What is done: {words}. There is nothing to do; the files themselves stay as they are."
    return [Finding(kind="mended", title=title, why=why, files=mended["name"].tolist())]
