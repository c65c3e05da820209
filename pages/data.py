"""Data: give images or texts with their answers, see what was found, mend it, and decide how they are split."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from core.data.dataset import DatasetSummary, list_datasets, list_versions, load_dataset
from core.jobs.dependents import delete_with_dependents, dependents
from core.modalities import MODALITIES
from core.runs import Run, titles
from core.workspace import Workspace
from ui.datasets.add_dataset import ADDING, ways_in
from ui.datasets.dataset_panel import dataset_panel
from ui.shared import job_watch, state
from ui.shared.cache_panel import cache_panel
from ui.shared.confirm import confirm
from ui.shared.damaged_panel import damaged_panel
from ui.shared.next_step import next_step
from ui.shared.page import draw
from ui.shared.sight import here
from ui.shared.trash_panel import trash_panel
from ui.shared.widgets import clip, count, empty_state, errors_shown, literal, page_header

NAMED = 3  # runs that depend on a dataset


def main() -> None:
    page_header("Data", "Give Graft images or texts, see what it made of them, and mend what is wrong with one click.")
    space = state.workspace()
    _take_result(space)
    known = list_datasets(space)
    if chosen := state.choices().dataset:
        beside = f"Chosen: {literal(state.dataset_name(chosen), 60)}"
        next_step("Fine-tune on this dataset", "pages/fine_tune.py", ":material/tune:", beside)
    running = job_watch.running(space, "import")
    if running is not None:
        job_watch.watch(running, "import")
    else:
        here("add")
        icon = ":material/add_photo_alternate:"
        with st.expander("Add a dataset", expanded=not known, icon=icon, key=ADDING, on_change="rerun"):
            ways_in(space)
    job_watch.last_word()
    if known:
        _chosen(space, known)
    elif running is None:
        empty_state("No dataset yet", "Give images or texts above, or take a sample set.")
    damaged_panel(space)
    trash_panel(space)
    cache_panel(space)


def _take_result(space: Workspace) -> None:
    """The import's dataset becomes the chosen one in every tab that watched; if none did, in the next that looks."""
    ended = job_watch.just_ended(space, "import")
    if ended is None:
        return
    if ended.status == "failed":
        job_watch.tell("error", ended.message)
    elif ended.status == "stopped":
        job_watch.tell("done", "The import was stopped; nothing of it was kept.")
    else:
        with errors_shown():
            gave = ended.imported
            made = load_dataset(space, gave.dataset, gave.version)
            state.choose(dataset=made.id, dataset_version=made.version)
            st.session_state[ADDING] = False  # what was added is shown instead
            before = f"These {made.modality.noun}s were here already, as {clip(made.name, 60)}."
            job_watch.tell("done", before if gave.known else f"{count(len(made.frame), made.modality.noun)} imported.")


def _chosen(space: Workspace, known: list[DatasetSummary]) -> None:
    chosen = state.choices()
    ids = [summary.id for summary in known]
    by_id = {summary.id: summary for summary in known}
    examples = {summary.id: summary.images for summary in known}
    if chosen.dataset in by_id:  # of the version in use, which need not be the newest
        info = list_versions(space, chosen.dataset).get(chosen.dataset_version or 0)
        examples |= {chosen.dataset: info.images} if info else {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        picked = st.selectbox(
            "Dataset",
            ids,
            index=ids.index(chosen.dataset) if chosen.dataset in ids else None,
            placeholder="Choose one",
            format_func=lambda id: (
                f"{clip(by_id[id].name, 60)} ({count(examples[id], MODALITIES[by_id[id].modality].noun)})"
            ),
        )
        if picked is None:
            return
        versions = by_id[picked].versions
        current = chosen.dataset_version if picked == chosen.dataset and chosen.dataset_version in versions else None
        version = versions[-1]
        if len(versions) > 1:
            at = versions.index(current or versions[-1])
            help = "Every change makes a version. Runs say which one they used."
            version = st.selectbox("Version", versions, index=at, width=110, help=help, key=f"version_{picked}_{at}")
        if st.button("Delete dataset", icon=":material/delete:"):
            _confirm_delete(space, by_id[picked])
    if (picked, version) != (chosen.dataset, chosen.dataset_version):
        state.choose(dataset=picked, dataset_version=version)
        st.rerun()  # what is above, and beside, says it too
    with errors_shown():
        dataset_panel(state.dataset(picked, version))


def _confirm_delete(space: Workspace, summary: DatasetSummary) -> None:
    confirm(
        "Delete this dataset?",
        "\n\n".join(_what_depends_on(space, summary)),
        "Delete the dataset",
        lambda: delete_with_dependents(space, summary.id),
    )


def _what_depends_on(space: Workspace, summary: DatasetSummary) -> Iterator[str]:
    versions = f", {len(summary.versions)} versions" if len(summary.versions) > 1 else ""
    yield f"**{literal(summary.name, 80)}**, {count(summary.images, MODALITIES[summary.modality].noun)}{versions}."
    found = dependents(space, summary.id)
    if found.active:
        yield f"At work on it now, and stopped first, keeping what was learned: {_named(found.active)}."
    if found.jobs:
        yield f"Ended too: {'; '.join(literal(job.title, 60) for job in found.jobs)}."
    if over := [run for run in found.runs if run not in found.active]:
        yield f"Learned from it, and can still predict, but not go on without it: {_named(over)}."


def _named(runs: list[Run]) -> str:
    names = [literal(name, 100) for name in titles(runs).values()]
    more = f"; and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return "; ".join(names[:NAMED]) + more


draw(main)
