"""The commands that delete, and take back: delete, trash."""

from __future__ import annotations

import json
import sys
import time
from argparse import Namespace
from dataclasses import asdict

from core import trash as bin
from core.backbones.language.library import folders
from core.backbones.weights import delete_file, kept_files
from core.commands.printing import printable
from core.data.dataset import damaged_datasets, delete_dataset, find_dataset
from core.errors import DataError, GraftError, RunError
from core.importing.drafts.drafts import delete_draft, list_drafts
from core.jobs.dependents import delete_with_dependents, dependents
from core.runs import find_run, stop_all
from core.units import file_size
from core.workspace import Workspace


def delete(options: Namespace) -> int:
    """To the trash. What a dataset's runs are at is stopped first, if that is asked for."""
    workspace = Workspace.open(options.workspace)
    trashed = _DELETE[options.kind](workspace, options.name, options.stop)
    if trashed is None:
        raise GraftError(f"{options.name!r} is not there any more: someone else was quicker.")
    size, days = file_size(trashed.bytes), bin.days_kept()
    print(printable(f"In the trash, for {days} days: {trashed.title} ({size})"), file=sys.stderr)
    print(f"Take it back with: python -m core trash restore {trashed.id}", file=sys.stderr)
    if options.json:
        print(json.dumps(asdict(trashed)))
    return 0


def _dataset(workspace: Workspace, name: str, stop: bool) -> bin.Trashed | None:
    if name in damaged_datasets(workspace):
        return delete_dataset(workspace, name)
    found = find_dataset(workspace, name)
    active = dependents(workspace, found.id).active
    if active and not stop:
        named = "; ".join(run.title for run in active[:5])
        raise RunError(f"{len(active)} of its runs are at work or wait: {named}. End them first, or add --stop.")
    return delete_with_dependents(workspace, found.id)


def _run(workspace: Workspace, name: str, stop: bool) -> bin.Trashed | None:
    run = find_run(workspace, name)
    try:
        active = run.status.active
    except RunError:  # damaged
        return run.discard()
    if active and not stop:
        raise RunError(f"The run {run.title!r} is {run.status.value}. End it first, or add --stop.")
    stop_all([run])
    return run.discard()


def _draft(workspace: Workspace, name: str, stop: bool) -> bin.Trashed | None:
    known = list_drafts(workspace)
    found = [one for one in known if one.id == name] or [one for one in known if one.name == name]
    if len(found) != 1:
        ids = ", ".join(one.id for one in (found or known)[:5]) or "none"
        raise DataError(f"{len(found) or 'No'} drafts are called {name[:80]!r}. By their ids: {ids}.")
    return delete_draft(found[0])


def _weights(workspace: Workspace, name: str, stop: bool) -> bin.Trashed | None:
    given = (*kept_files(workspace), *folders(workspace.root / "weights"))
    known = {path.name: path for path in given}
    name = name.removeprefix("folder/")  # as a recipe calls a backbone of one's own
    if name not in known:
        raise DataError(f"There is no weights file {name[:80]!r}. There are: {', '.join(known) or 'none'}.")
    return delete_file(workspace, known[name])


_DELETE = {"dataset": _dataset, "run": _run, "draft": _draft, "weights": _weights}
KINDS = tuple(_DELETE)


def trash(options: Namespace) -> int:
    workspace = Workspace.open(options.workspace)
    if options.what == "restore":
        back = bin.restore(workspace, options.id or _newest(workspace))
        print(printable(f"Back: {back.kind} {back.title}"), file=sys.stderr)
        said: object = asdict(back)
    elif options.what == "empty":
        freed = bin.empty(workspace)
        print(f"Emptied: {file_size(freed)} freed.", file=sys.stderr)
        said = {"freed": freed}
    else:
        found = bin.listed(workspace)
        said = [asdict(one) for one in found]
        if not options.json:
            for one in found:
                when = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.when))
                left = f"{one.days_left} days left"
                print(printable(f"{one.id}  {one.kind:16} {file_size(one.bytes):>8}  {when}  {left:12}  {one.title}"))
        if not found:
            print("The trash is empty.", file=sys.stderr)
    if options.json:
        print(json.dumps(said))
    return 0


def _newest(workspace: Workspace) -> str:
    found = bin.listed(workspace)
    if not found:
        raise GraftError("The trash is empty: there is nothing to take back.")
    return found[0].id
