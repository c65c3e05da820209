"""What the person has chosen: a backbone, a dataset, a run. A chosen run is one of that dataset and that backbone: so
what is chosen, what a page shows and what the sidebar says are the same.

A session keeps its own choices; they are also written to `<workspace>/choices.json`, so that a refresh, a new tab or a
restart begins where the last click ended. A choice whose object is gone reads as not chosen.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import streamlit as st
from pydantic import BaseModel, ConfigDict

from core import runs
from core.data.dataset import Dataset, dataset_title, load_dataset
from core.errors import DamagedError, GraftError, WorkspaceError
from core.records import Count, put_aside, read
from core.runs import Run
from core.store.full_disk import refused
from core.training.presets import DEFAULT
from core.workspace import Workspace, contained, write_json
from ui.shared.gone import say
from ui.shared.widgets import show_error

DEFAULT_BACKBONE = "efficientnet_lite0"
_KEY = "choices"


class Choices(BaseModel):
    """`dataset` and `dataset_version` are chosen together; `weights_file` is the person's own file for the backbone.
    `compared` are the runs that are shown on one chart.

    preset, settings: of the next run; `ui.training.chosen_settings` knows what they come to. devices: for it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    backbone: str = DEFAULT_BACKBONE
    weights_file: str | None = None
    dataset: str | None = None
    dataset_version: Count | None = None
    run: str | None = None
    compared: tuple[str, ...] = ()
    preset: str = DEFAULT
    settings: dict[str, Any] = {}
    devices: Count = 1


def workspace() -> Workspace:
    """The workspace of this server. Where it cannot be used, says why and ends the page."""
    try:
        return Workspace.open()
    except GraftError as error:
        show_error(error)
        st.stop()


def choices() -> Choices:
    """What is chosen now, without anything that no longer exists."""
    space = workspace()
    if _KEY not in st.session_state:
        st.session_state[_KEY] = _read(space)
    return _still_there(space, st.session_state[_KEY])


def choose(**changes: Any) -> None:
    """Change some choices, for this session and for the next. Names are the fields of `Choices`.

    A new backbone forgets the weights file of the old one unless a new one comes with it. A run brings its dataset and
    its backbone with it; another dataset or backbone than its own lets it go.
    """
    if "backbone" in changes:
        changes.setdefault("weights_file", None)
    if changes.get("run"):
        changes = _made_with(workspace(), changes["run"]) | changes
    chosen = _coherent(workspace(), Choices.model_validate(choices().model_dump() | changes))
    st.session_state[_KEY] = chosen
    try:
        write_json(workspace().root / "choices.json", chosen.model_dump())
    except OSError as error:
        say(f"What you chose holds in this tab, and could not be kept for the next. {refused(error)}")


def dataset_name(dataset: str) -> str:
    """See `dataset_title`."""
    return dataset_title(workspace(), dataset)


def dataset(dataset_id: str, version: int | None) -> Dataset:
    """A version, in memory for the whole server while it is looked at. Raises as `load_dataset`."""
    return _dataset(workspace(), dataset_id, version)


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs={Workspace: lambda space: str(space.root)})
def _dataset(space: Workspace, dataset_id: str, version: int | None) -> Dataset:
    return load_dataset(space, dataset_id, version)


def _read(space: Workspace) -> Choices:
    try:
        kept = read(space.root / "choices.json", Choices)
    except DamagedError as error:
        _put_aside(error)
        return Choices()
    except OSError:
        return Choices()
    brought = _made_with(space, kept.run) if kept.run and not kept.dataset else {}
    return _coherent(space, kept.model_copy(update=brought))


def _put_aside(damage: DamagedError) -> None:
    """So that the next choice can be written, and what was there can be looked at."""
    with suppress(OSError):
        beside = put_aside(damage.path)
        say(f"What was chosen before cannot be read, so choose again. {damage} It is now {beside.name}.")


def _made_with(space: Workspace, run: str) -> dict[str, Any]:
    """What the run chooses with it; nothing, where it is damaged or gone."""
    try:
        recipe = runs.get(space, run).recipe
    except GraftError:
        return {}
    names = ("dataset", "dataset_version", "backbone", "weights_file")
    return {name: getattr(recipe, name) for name in names}


def fits(run: Run, chosen: Choices) -> bool:
    """Whether choosing the run would change nothing else."""
    facts = run.facts
    wanted = (chosen.dataset or facts.dataset, chosen.dataset_version or facts.dataset_version, chosen.backbone)
    return (facts.dataset, facts.dataset_version, facts.backbone) == wanted


def _coherent(space: Workspace, chosen: Choices) -> Choices:
    made_with = _made_with(space, chosen.run) if chosen.run else {}
    if chosen.dataset is None:  # the run's own was deleted, or it would have brought it
        made_with = {name: value for name, value in made_with.items() if not name.startswith("dataset")}
    if (own := made_with.get("weights_file")) and not Path(own).is_file():
        del made_with["weights_file"]
    fits = all(getattr(chosen, name) == value for name, value in made_with.items())
    return chosen if fits else chosen.model_copy(update={"run": None})


def _still_there(space: Workspace, chosen: Choices) -> Choices:
    gone: dict[str, None] = {}
    if chosen.dataset and not _exists(space, "datasets", chosen.dataset, f"versions/{chosen.dataset_version}.json"):
        gone |= {"dataset": None, "dataset_version": None}
    if chosen.weights_file and not Path(chosen.weights_file).is_file():
        gone |= {"weights_file": None}
    if chosen.run and not _exists(space, "runs", chosen.run, "recipe.json"):
        gone |= {"run": None}
    return chosen.model_copy(update=gone) if gone else chosen


def _exists(space: Workspace, kind: str, name: str, file: str) -> bool:
    try:
        return (contained(space.root / kind, name) / file).is_file()
    except WorkspaceError:
        return False
