"""The versions of a dataset: what made each, which runs learned from it, and the way back to it."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

import streamlit as st

from core.data.dataset import Dataset, VersionInfo, list_versions
from core.runs import titles, using
from core.workspace import Workspace
from ui.shared import state
from ui.shared.widgets import count, literal

SHOWN = 10
RUNS_NAMED = 3


def versions_panel(dataset: Dataset) -> None:
    """Newest first; nothing, while there is but one. `dataset` is the version in use."""
    versions = list_versions(state.workspace(), dataset.id)
    if len(versions) < 2:
        return
    with st.expander(f"Versions ({len(versions)})", icon=":material/history:"):
        st.caption("Every change makes a version and leaves the old ones as they were, with the runs that used them.")
        used_by = _used_by(state.workspace(), dataset.id)
        newest_first = sorted(versions, reverse=True)
        every = len(versions) <= SHOWN or st.toggle(f"Show all {len(versions)}", key=f"all_versions_{dataset.id}")
        for version in newest_first if every else newest_first[:SHOWN]:
            _version(dataset, version, versions[version], used_by[version])


def _used_by(workspace: Workspace, dataset_id: str) -> dict[int, list[str]]:
    """What the runs of each version are called, newest first."""
    found: dict[int, list[str]] = defaultdict(list)
    runs = using(workspace, dataset_id)
    names = titles(runs)
    for run in runs:
        found[run.facts.dataset_version].append(names[run.id])
    return found


def _version(dataset: Dataset, version: int, info: VersionInfo, runs: list[str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(gap=None, width="stretch"):
            st.markdown(f"**{version}** \N{EN SPACE}{literal(info.changed, 160)}")
            facts = [_when(info.made), count(info.images, dataset.modality.noun), _runs(runs)]
            st.caption(" · ".join(fact for fact in facts if fact))
        if version == dataset.version:
            st.badge("In use", icon=":material/check:", color="green", width="content")
        else:
            key = f"use_{dataset.id}_{version}"
            st.button("Use this version", key=key, type="tertiary", on_click=_use, args=(dataset.id, version))


def _use(dataset_id: str, version: int) -> None:
    state.choose(dataset=dataset_id, dataset_version=version)


def _when(made: str) -> str:
    try:
        moment = datetime.fromisoformat(made)
    except ValueError:
        return ""
    return f"{moment.day} {moment:%B %Y, %H:%M}"


def _runs(runs: list[str]) -> str:
    if not runs:
        return "no run yet"
    more = f" and {len(runs) - RUNS_NAMED} more" if len(runs) > RUNS_NAMED else ""
    return f"used by {literal('; '.join(runs[:RUNS_NAMED]))}{more}"
