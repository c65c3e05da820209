"""Data: give pictures with their classes, see what was found, and decide how they are split."""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st

from core.data.dataset import Dataset, DatasetSummary, delete_dataset, list_datasets, load_dataset
from core.data.samples import SAMPLES
from core.workspace import Workspace
from ui import state
from ui.dataset_panel import dataset_panel
from ui.imports import Import, from_folder, from_sample, from_upload, imports
from ui.widgets import clip, count, empty_state, errors_shown, literal, page_header, show_error

SECONDS_BETWEEN_LOOKS = 0.4
UPLOAD, FOLDER, SAMPLE = "Upload a ZIP", "Folder on this machine", "Sample set"


def main() -> None:
    page_header("Data", "Give Graft pictures sorted into classes, and see what it made of them.")
    space = state.workspace()
    running = imports().get(str(space.root))
    if running is not None and not running.running:
        if not running.told or st.session_state.get("watched") is running:
            _take_result(running)
        running = None
    known = list_datasets(space)
    if running is not None:
        st.session_state["watched"] = running
        _watch(running)
    else:
        with st.expander("Add a dataset", expanded=not known, icon=":material/add_photo_alternate:"):
            _ways_in(space)
    _last_word()
    if known:
        _chosen(space, known)
    elif running is None:
        empty_state("No dataset yet", "Upload a ZIP of class folders, name a folder, or take a sample set above.")


def _ways_in(space: Workspace) -> None:
    way = st.segmented_control("From", [UPLOAD, FOLDER, SAMPLE], default=UPLOAD, label_visibility="collapsed")
    if way == UPLOAD:
        _upload(space)
    elif way == FOLDER:
        _folder(space)
    elif way == SAMPLE:
        _samples(space)


def _upload(space: Workspace) -> None:
    st.caption("One folder a class, at any depth; folders named train, val and test become the split.")
    file = st.file_uploader("ZIP of class folders", type="zip", key=f"upload_{st.session_state.get('uploads', 0)}")
    if file is not None:
        with errors_shown():
            from_upload(space, Path(file.name).stem, file)
            st.session_state["uploads"] = st.session_state.get("uploads", 0) + 1  # an empty uploader for the next one
            st.rerun()


def _folder(space: Workspace) -> None:
    with st.form("folder", border=False):
        help = "The full path of a folder with one folder a class. Its pictures are copied; the folder stays as it is."
        path = st.text_input("Folder", placeholder="/home/me/photos", help=help)
        if st.form_submit_button("Import the folder") and path.strip():
            from_folder(space, Path(os.path.expanduser(path.strip())))
            st.rerun()


def _samples(space: Workspace) -> None:
    for sample in SAMPLES:
        with st.container(border=True):
            st.markdown(f"**{sample.title}** · {count(sample.images, 'image')}, {count(sample.classes, 'class')}")
            st.markdown(sample.description)
            st.caption(f"Source: {sample.source}. Licence: {sample.licence}.")
            if st.button("Use this set", key=f"sample_{sample.key}"):
                from_sample(space, sample.key, sample.title)
                st.rerun()


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
def _watch(running: Import) -> None:
    if not running.running:
        st.rerun()
    progress = running.progress
    done = f": {progress.done:,} of {progress.total:,}" if progress.total else ""
    share = progress.done / progress.total if progress.total else 0.0
    st.progress(min(1.0, share), text=f"{literal(running.name, 60)}. {progress.phase}{done}")
    st.button("Stop the import", icon=":material/stop:", on_click=running.cancel)


def _take_result(ended: Import) -> None:
    """The import's dataset becomes the chosen one in every tab that watched; if none did, in the next that looks."""
    ended.told = True
    st.session_state.pop("watched", None)
    if ended.dataset is not None:
        state.choose(dataset=ended.dataset.id, dataset_version=ended.dataset.version)
        before = f"These pictures were here already, as {clip(ended.dataset.name, 60)}."
        words = before if ended.dataset.known else f"{count(len(ended.dataset.frame), 'image')} imported."
        st.session_state["import_said"] = ("info", words)
    elif ended.error:
        st.session_state["import_said"] = ("error", ended.error)
    else:
        st.session_state["import_said"] = ("info", "The import was stopped; nothing of it was kept.")


def _last_word() -> None:
    kind, words = st.session_state.pop("import_said", (None, ""))
    if kind == "error":
        show_error(words)
    elif kind == "info":
        st.success(literal(words), icon=":material/check:")


def _chosen(space: Workspace, known: list[DatasetSummary]) -> None:
    chosen = state.choices()
    ids = [summary.id for summary in known]
    by_id = {summary.id: summary for summary in known}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        picked = st.selectbox(
            "Dataset",
            ids,
            index=ids.index(chosen.dataset) if chosen.dataset in ids else None,
            placeholder="Choose one",
            format_func=lambda id: f"{clip(by_id[id].name, 60)} ({count(by_id[id].images, 'image')})",
        )
        if picked is None:
            return
        versions = by_id[picked].versions
        current = chosen.dataset_version if picked == chosen.dataset and chosen.dataset_version in versions else None
        version = versions[-1]
        if len(versions) > 1:
            at = versions.index(current or versions[-1])
            help = "Each new split is a version. Runs say which one they used."
            version = st.selectbox("Version", versions, index=at, width=110, help=help, key=f"version_{picked}_{at}")
        if st.button("Delete", icon=":material/delete:"):
            _confirm_delete(space, by_id[picked])
    if (picked, version) != (chosen.dataset, chosen.dataset_version):
        state.choose(dataset=picked, dataset_version=version)
    with errors_shown():
        dataset_panel(_dataset(space.root, picked, version))
        st.page_link("pages/fine_tune.py", label="Fine-tune on this dataset", icon=":material/arrow_forward:")


@st.cache_resource(max_entries=4, show_spinner=False)
def _dataset(root: Path, dataset_id: str, version: int) -> Dataset:
    return load_dataset(Workspace(root), dataset_id, version)


@st.dialog("Delete this dataset?")
def _confirm_delete(space: Workspace, summary: DatasetSummary) -> None:
    st.markdown(
        f"**{literal(summary.name, 80)}**, {count(summary.images, 'image')}, with all its versions, will be deleted. "
        "Runs that used it can still predict, but not go on. This cannot be undone."
    )
    with st.container(horizontal=True):
        if st.button("Delete the dataset", type="primary"):
            delete_dataset(space, summary.id)
            st.rerun()
        if st.button("Keep it"):
            st.rerun()


main()
