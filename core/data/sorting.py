"""From files taken in to the rows of a dataset: each picture's class, labels or number, its split, and what was left
out."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import pandas as pd

from core.data.findings import shown
from core.data.intake import Intake, Rejected
from core.data.layout import classes_and_splits, split_of
from core.data.manifest import Kind, Manifest, Said, from_labels, from_project, read_manifest
from core.data.preprocessing import PLAIN, Rendering
from core.data.report import Finding, Intaken, names_of, number_of
from core.data.tables import PROJECT
from core.data.twins import find_twins
from core.errors import DataError


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


def sort_out(intake: Intake, labels: Mapping[str, str] | None = None, table: str = "") -> Sorted:
    """
    intake: is emptied of its pictures and looks. labels: the class of each by name, if the source knows it. table: the
        one table to believe.

    Raises:
        DataError: what is left makes no dataset, with what was found instead.
    """
    if intake.pictures.empty:
        reasons = Counter(one.reason for one in intake.rejected).most_common(1)
        if intake.tables and not reasons:
            raise DataError("There is a table, but no picture. Give the pictures together with their table.")
        hint = f" Of {len(intake.rejected)} files none could be used: {reasons[0][0]}" if reasons else " It is empty."
        raise DataError(f"There is no picture in it.{hint} Give folders of pictures, one folder a class.")
    names = intake.pictures["name"].tolist()
    manifest, rejected = _manifest(intake, names, labels, table)
    kind = manifest.kind if manifest else "classes"
    of_tables = manifest.findings if manifest else ()
    said = _said(names, manifest, kind)
    told = {name for one in of_tables if one.kind in ("no label", "several labels") for name in one.files}
    homeless = [name for name, one in zip(names, said) if one is None and name not in told]
    by_folders = kind == "classes" and not any(one.label for one in (manifest.of.values() if manifest else ()))
    bare = _bare_classes(intake.bare, names) if by_folders else []
    files, frame = intake.files, _frame(intake.pictures, said)
    intake.pictures = pd.DataFrame()
    del names, said  # the frame says it all in a fifth of the memory
    frame, repeated = _once(frame, kind)
    untold = any(one.kind == "unused" for one in of_tables)
    _refuse_too_few(frame, kind, homeless, manifest.tables if manifest else (), bare, untold)
    twins = find_twins(frame, intake.looks)
    intake.looks = intake.looks[:0].copy()
    frame = frame.drop(columns=["look", "same"]).assign(twins=twins, sha256=frame["image"].str[3:67])
    findings = [
        *_bare(bare),
        *_left_out([*intake.rejected, *rejected]),
        *_homeless(homeless, manifest),
        *of_tables,
        *repeated,
        *_mended(frame),
        *shown(frame, intake.rendering),
    ]
    tables = list(manifest.tables) if manifest else []
    found = Intaken(findings=findings, files=files, tables=tables, ignored=intake.ignored)
    return Sorted(frame, kind, manifest.target if manifest else "", found, _columns(frame, manifest), intake.rendering)


def _manifest(
    intake: Intake, pictures: list[str], labels: Mapping[str, str] | None, table: str
) -> tuple[Manifest | None, list[Rejected]]:
    """What is said of the pictures beyond their folders, and the tables that say nothing of them."""
    if labels is not None:
        return from_labels(dict(labels)), [Rejected(name, "A table says nothing here.") for name, _ in intake.tables]
    projects = [(name, data) for name, data in intake.tables if posixpath.basename(name) == PROJECT]
    tables = [(name, data) for name, data in intake.tables if posixpath.basename(name) != PROJECT]
    for name, data in projects:
        if found := from_project(name, data, pictures):
            manifest = from_labels(found)
            manifest = Manifest("classes", "", manifest.of, (name,))
            return manifest, [Rejected(other, "The project's own list was believed.") for other, _ in tables]
    rejected = [Rejected(name, "It names no picture that is here.") for name, _ in projects]
    read = read_manifest(tables, pictures, table)
    if read is not None:
        rejected += [Rejected(name, reason) for name, reason in read.others]
    return (read if read is not None and read.tables else None), rejected


def _said(pictures: list[str], manifest: Manifest | None, kind: Kind) -> list[Said | None]:
    """What is said of each picture, by its table or by its folder."""
    folders = classes_and_splits(pictures) if kind == "classes" else []
    if manifest is None:
        of_folder = {told: Said(told[0], split=told[1]) for told in set(folders) if told[0]}
        return [of_folder.get(told) for told in folders]
    if kind != "classes":
        return [manifest.of.get(picture) for picture in pictures]
    if any(said.label for said in manifest.of.values()):
        folders = [(None, split) for _, split in folders]  # where a table says the classes, folders are none
    result: list[Said | None] = []
    for picture, (label, split) in zip(pictures, folders):
        said = manifest.of.get(picture)
        if said is not None and not (said.label and said.split):  # what the table leaves open, the folders may tell
            told_label = said.label or label or ""
            said = Said(told_label, split=said.split or split, group=said.group) if told_label else None
        result.append(said)
    return result


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
) -> None:
    """untold: a table has columns of which none can be told to be the classes."""
    if kind == "number":
        if frame["target"].nunique() < 2:
            raise DataError("All the pictures have the same number, so there is nothing to learn from them.")
        return
    if kind == "labels":
        if frame["label"].nunique() < 2:
            raise DataError("All the pictures have the same labels, so there is nothing to tell apart.")
        return
    labels = sorted(frame["label"].unique())
    if not labels or (len(labels) == 1 and (untold or split_of(labels[0]))):
        if tables:
            raise DataError(
                f"The table {tables[0][-120:]!r} names the pictures, but does not tell what they are. "
                "Call the column of their classes label, or that of their numbers target."
            )
        came = number_of(len(homeless) + len(frame), "picture")
        raise DataError(
            f"{came} came but no class folder. Put the pictures of each class into a folder with its name, "
            "or add a table (CSV) with a column for the path and one for the class."
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
