"""The command that lists backbones, and fetches or takes in one."""

from __future__ import annotations

import json
import os
import sys
import time
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.backbones.language.library import Hub
from core.backbones.libraries import LIBRARIES, Info, download, find, infos, is_ready, not_installed, search, source
from core.commands.printing import printable
from core.errors import BackboneError, RunError
from core.modalities import MODALITIES
from core.progress import Cancelled
from core.runs import find_run
from core.runs.naming import name_of
from core.tasks import TASKS
from core.units import file_size
from core.workspace import Workspace


def backbones(options: Namespace) -> int:
    workspace = Workspace.open(options.workspace)
    if options.download:
        return _download(workspace, options.download)
    if options.show:
        return _show(workspace, options.show, options.json)
    if options.add:
        return _add(workspace, options.add)
    if options.from_run:
        return _from_run(workspace, options.from_run)
    wanted = [options.modality] if options.modality else list(MODALITIES)
    found = [info for name in wanted for info in search(options.search, infos(name, workspace))]
    if options.json:
        print(json.dumps([_plain(info, workspace) for info in found]))
        return 0
    for info in found:
        size = f"{info.parameters / 1e6:8.1f} M" if info.parameters else f"{'':10}"
        print(printable(f"{info.modality:5}  {size}  {_good_at(info):14.14}  {source(info, workspace):9}  {info.name}"))
    if not found:
        print("No backbone has all these words. Try fewer of them.", file=sys.stderr)
    return 0


def _good_at(info: Any) -> str:
    """Of one for images its accuracy, of one for texts its languages, where anybody says."""
    top1 = getattr(info, "top1", None)
    return f"{top1:5.1f}%" if top1 else str(getattr(info, "languages", ""))


def _plain(info: Any, workspace: Workspace) -> dict[str, Any]:
    said = {name: value for name, value in asdict(info).items() if not isinstance(value, Path)}
    preprocessing = info.preprocessing.model_dump(mode="json")
    return {**said, "preprocessing": preprocessing, "modality": info.modality, "source": source(info, workspace)}


def _asked(workspace: Workspace, name: str) -> Info:
    """The backbone of that name; the hub is asked about one of its own that is not listed.

    Raises:
        BackboneError: there is none, or it cannot be used.
    """
    if not name.startswith(f"{Hub.name}/") or name in {info.name for info in LIBRARIES[Hub.name].infos(workspace)}:
        return find(name, workspace)
    from core.backbones.language.hub_listing import ask

    return ask(name, workspace)


def _show(workspace: Workspace, name: str, as_json: bool) -> int:
    """Whatever it is, no weights are fetched."""
    info = _asked(workspace, name)
    if as_json:
        print(json.dumps(_plain(info, workspace)))
        return 0
    for label, value in _facts(info, workspace).items():
        print(printable(f"{label}: {value}"))
    return 0


def _facts(info: Any, workspace: Workspace) -> dict[str, str]:
    if info.modality == "text":
        from core.backbones.language.hub_listing import say

        return say(info) | {"Weights": source(info, workspace)}
    return {
        "Name": info.name,
        "Parameters": f"{info.parameters / 1e6:,.1f} M" if info.parameters else "–",
        "Download": file_size(info.download_bytes),
        "Licence": info.licence or "Nobody states one",
        "Weights": source(info, workspace),
    }


def _download(workspace: Workspace, name: str, cancelled: Cancelled = lambda: False) -> int:
    last = [0.0]

    def progress(done: int, total: int | None) -> None:
        if time.monotonic() - last[0] > 1 or done == total:
            last[0] = time.monotonic()
            print(f"{done / 1e6:.1f} of {f'{total / 1e6:.1f}' if total else 'unknown'} MB", file=sys.stderr)

    info = _asked(workspace, name)
    if source(info, workspace) == "download":
        facts = "; ".join(f"{label}: {said}" for label, said in _facts(info, workspace).items())
        print(printable(facts), file=sys.stderr)
        download(info, workspace, progress, cancelled)
        info = find(info.name, workspace)
    if not is_ready(info, workspace):
        raise BackboneError(not_installed(info))
    print(f"The weights of {info.name} are on this machine.", file=sys.stderr)
    return 0


def _add(workspace: Workspace, folder: str) -> int:
    from core.backbones.language.folders import add_folder  # which brings torch

    info, match = add_folder(workspace, Path(os.path.realpath(os.path.expanduser(folder))))
    print(f"{match} Train with it: --backbone {info.name}", file=sys.stderr)
    print(info.name)
    return 0


def _from_run(workspace: Workspace, said: str) -> int:
    from core.inference.pretrained import as_backbone  # which brings torch

    run = find_run(workspace, said)
    if not (run.recipe.task and TASKS[run.recipe.task].gives_backbone):
        raise RunError(f"The run {said[:80]!r} did not go on with pre-training. Name one that did.")
    if run.bundle is None:
        raise RunError(f"The run {said[:80]!r} has no weights yet. Wait until it has ended.")
    info = as_backbone(workspace, run.bundle, name_of(run))
    print(f"Train with it: --backbone {info.name}", file=sys.stderr)
    print(info.name)
    return 0
