"""The commands about datasets: check, import, datasets, survey."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from core.address_space import must_have_for_torch
from core.commands.printing import ImportLine, printable
from core.data.changes import rename_classes
from core.data.dataset import Dataset, damaged_datasets, find_dataset, list_datasets
from core.data.report import LEFT_OUT, Report
from core.importing.importing import check as check_path
from core.importing.importing import import_path, import_source, memory_for
from core.importing.merging import merged_source, read_mapping, suggested
from core.importing.pretraining import for_pretraining
from core.importing.remote.fetched import import_remote
from core.importing.remote.offers import is_remote, look_up, size_of
from core.importing.samples.published import import_published
from core.importing.tables.reading import Reading
from core.modalities import MODALITIES
from core.processes import limited_memory
from core.units import file_size
from core.words import names_of, number_of
from core.workspace import Workspace


def check(options: Namespace) -> int:
    path = Path(os.path.expanduser(options.path))
    with limited_memory(memory_for(path)):
        report = check_path(path, progress=ImportLine(), reading=reading_of(options))
    _print(report, options.json)
    return 0


def bring_in(options: Namespace) -> int:
    workspace = Workspace.open(options.workspace)
    if options.published:
        made = import_published(workspace, options.published, name=options.name, progress=ImportLine())
    elif is_remote(options.path):
        made = _fetched(workspace, options)
    else:
        path, reading = Path(os.path.expanduser(options.path)), reading_of(options)
        with limited_memory(memory_for(path)):
            made = import_path(workspace, path, name=options.name, progress=ImportLine(), reading=reading)
    print(said_of(made, options.name), file=sys.stderr)
    if made.known:
        print("What follows was found at that import; the command `check` tells of these files.", file=sys.stderr)
    if options.json:
        known = {"dataset": made.id, "version": made.version, "known": made.known}
        print(json.dumps(known | {"report": made.report.model_dump(mode="json")}))
    else:
        _print(made.report, as_json=False)
    return 0


def _fetched(workspace: Workspace, options: Namespace) -> Dataset:
    """What it is, and how large, is said before anything is fetched."""
    offer = look_up(options.path)
    files, others = offer.files(options.part), [part for part in offer.parts if part != options.part]
    size = size_of(files)
    large = "of a size that the server does not say" if size is None else file_size(size)
    print(printable(f"{number_of(len(files), 'file')}, {large}, from {offer.host}"), file=sys.stderr)
    if len(offer.parts) > 1:
        first = options.part or others.pop(0)
        print(printable(f"The part {first!r}. --part takes another: {names_of(others)}"), file=sys.stderr)
    with ExitStack() as stack:
        return import_remote(
            *(workspace, options.path, options.part),
            name=options.name,
            progress=ImportLine(),
            reading=reading_of(options),
            begins=lambda path: stack.enter_context(limited_memory(memory_for(path))),
        )


def reading_of(options: Namespace) -> Reading | None:
    """How it is to be read, as far as someone says."""
    said = Reading(
        options.label_column,
        options.label_folder,
        options.kind,
        options.split_from,
        options.encoding,
        options.pages,
        text=options.text,
        second=options.second,
    )
    return None if said == Reading() else said


def said_of(made: Dataset, name: str | None = None) -> str:
    """Which dataset an import gave. name: what it was to be called; one that was there already keeps its name."""
    if not made.known:
        return f"Dataset {made.id}"
    keeps = "" if name in (None, made.name) else f". It keeps that name, and is not called {name!r}"
    changed = "" if made.version == 1 else f". This is its version {made.version}: {made.changed}"
    return printable(f"Dataset {made.id}, imported before as {made.name!r}{keeps}{changed}")


def pretraining(options: Namespace) -> int:
    workspace = Workspace.open(options.workspace)
    made = for_pretraining(workspace, find_dataset(workspace, options.dataset))
    print(said_of(made, None), file=sys.stderr)
    _print(made.report, options.json)
    return 0


def merge(options: Namespace) -> int:
    workspace = Workspace.open(options.workspace)
    first, second = find_dataset(workspace, options.first), find_dataset(workspace, options.second)
    becomes = suggested(first, second) | read_mapping(options.map)
    for old, new in becomes.items():
        if old != new:
            print(printable(f"{old} becomes {new}" if new else f"{old} is left out"), file=sys.stderr)
    name = options.name or f"{first.name} and {second.name}"
    made = import_source(workspace, merged_source(first, second, becomes), name, progress=ImportLine())
    print(said_of(made, name), file=sys.stderr)
    _print(made.report, options.json)
    return 0


def rename_class(options: Namespace) -> int:
    workspace = Workspace.open(options.workspace)
    made = rename_classes(workspace, find_dataset(workspace, options.dataset), read_mapping(options.becomes))
    print(printable(f"Dataset {made.id}@{made.version}: {made.changed}"), file=sys.stderr)
    _print(made.report, options.json)
    return 0


def datasets(options: Namespace) -> int:
    workspace = Workspace.open(options.workspace)
    found, damaged = list_datasets(workspace), damaged_datasets(workspace)
    if options.json:
        broken = [{"id": name, "status": "damaged", "error": why} for name, why in damaged.items()]
        print(json.dumps([*(asdict(one) for one in found), *broken], ensure_ascii=False))
        return 0
    for one in found:
        task = one.task
        what = task.plural if task.classes is None else number_of(len(one.classes), task.noun, task.plural)
        versions = number_of(len(one.versions), "version")
        examples = number_of(one.images, MODALITIES[one.modality].noun)
        print(printable(f"{one.id:40} {examples:>18}  {what:12} {versions:12} {one.name}"))
    for name, why in damaged.items():
        print(printable(f"{name:40} {'damaged':>18}  {why}"))
    if not found and not damaged:
        print("No datasets yet. Import one: python -m core import PATH", file=sys.stderr)
    return 0


def survey(options: Namespace) -> int:
    must_have_for_torch()
    from core.survey.job import survey_dataset  # torch takes seconds to import: only when it is needed

    workspace = Workspace.open(options.workspace)
    dataset = find_dataset(workspace, options.dataset)
    found = survey_dataset(workspace, dataset.id, dataset.version, options.backbone, progress=ImportLine())
    answers = dataset.frame.set_index("name")[dataset.column]
    if not dataset.task.ordered:
        answers = answers.map(dataset.task.word)
    suspects = _rows(found.suspects, ["name", "doubt", "suggested"], answers)
    outliers = _rows(found.outliers, ["name", "apart"], answers)
    if options.json:
        print(json.dumps({"suspects": suspects, "outliers": outliers}, ensure_ascii=False))
        return 0
    for row in suspects:
        line = f"{row['name']}: {row['answer']}, label issue: likelier is {row['suggested']} ({row['doubt']:.2f})"
        print(printable(line))
    for row in outliers:
        print(printable(f"{row['name']}: {row['answer']}, outlier ({row['apart']:.1f})"))
    print(
        f"{number_of(len(suspects), 'label issue')}, {number_of(len(outliers), 'outlier')}",
        file=sys.stderr,
    )
    return 0


def _rows(found: pd.DataFrame, columns: list[str], answers: pd.Series) -> list[dict[str, object]]:
    rows = found[columns].to_dict("records")
    return [{**row, "answer": answers[row["name"]]} for row in rows]  # type: ignore[misc]


def _print(report: Report, as_json: bool) -> None:
    if as_json:
        print(report.model_dump_json())
        return
    example = f"{report.example}s"
    if report.unlabelled is not None:
        none = f", {report.unlabelled} with none of them" if report.unlabelled else ""
        print(f"{report.images} {example} with any of {len(report.classes)} labels{none}")
    elif report.numbers is None:
        among = f" in {len(report.classes)} classes" if report.classes else ""
        print(f"{report.images} {example}{among}")
    else:
        name, low, high = printable(report.numbers.name), report.numbers.smallest, report.numbers.largest
        print(f"{report.images} {example}, {name} from {low:g} to {high:g}")
    for label, images in report.classes.items():
        print(f"  {images:6}  {printable(label)}")
    print(_where_they_went(report))
    for finding in report.findings:
        print(f"- {printable(finding.title)} {printable(finding.why)}")


def _where_they_went(report: Report) -> str:
    """Every file of what was imported, and what became of it."""
    out = sum(len(one.files) for one in report.findings if one.kind in LEFT_OUT)
    went = {
        f"{number_of(report.images, report.example)}": report.images,
        f"{number_of(len(report.tables), 'table')}": len(report.tables),
        f"{out:,} left out": out,
        f"{report.ignored:,} of the system": report.ignored,
    }
    later = report.files - sum(went.values())
    went[f"{later:,} left out of later versions"] = max(0, later)
    return f"{number_of(report.files)}: {', '.join(words for words, files in went.items() if files)}"
