"""Models for texts that are not listed: a folder of this machine, or any of the hub by its id."""

from __future__ import annotations

import streamlit as st

from core.backbones.language.info import LanguageInfo
from core.backbones.libraries import Info, find, is_ready, usual
from core.backbones.weights import delete_file
from core.errors import BackboneError, GraftError
from core.importing.archives.roots import allowed, roots
from core.runs import Run, titles
from core.trash import Trashed, size_of
from ui.backbones.downloads import offer
from ui.runs.offered import runs_and_views
from ui.shared import state
from ui.shared.confirm import confirm
from ui.shared.widgets import count, errors_shown, file_size, literal

ASKED = "asked_hub"  # what the hub said, in this session
NAMED = 3  # runs that began with a backbone


def add_from_folder() -> None:
    with st.expander("Use a model from a folder", icon=":material/folder_open:"), st.form("add_folder", border=False):
        path = st.text_input(
            "Path of the model",
            placeholder=f"{next(iter(roots()), '/home/me')}/my-model",
            help="A folder, or a ZIP of one, with config.json, a tokenizer and safetensors. Nothing in it is executed.",
        )
        places = " or ".join(literal(str(root)) for root in roots()) or "nowhere"
        st.caption(f"It must lie below {places}.", help="Whoever runs Graft sets that with GRAFT_FOLDERS.")
        if st.form_submit_button("Add") and path.strip():
            with errors_shown(), st.spinner("Checking and trying it …"):
                _add(path)


def _add(path: str) -> None:
    found = allowed(path)
    from core.backbones.language.folders import add_folder  # which brings torch

    info, match = add_folder(state.workspace(), found)
    state.choose(backbone=info.name)
    st.session_state["folder_added"] = f"{info.name}: {match}"
    st.rerun()


def say_added() -> None:
    """What matched, once, after a folder was taken in."""
    if said := st.session_state.pop("folder_added", None):
        st.success(literal(said, 300), icon=":material/check:")


def add_from_hub() -> None:
    """One press asks the hub what it is and how large, another one downloads it."""
    with st.expander("Use any model of the hub", icon=":material/cloud_download:", expanded=ASKED in st.session_state):
        with st.form("ask_hub", border=False):
            typed = st.text_input(
                "Id of the model",
                placeholder="distilbert/distilbert-base-uncased",
                help="Owner and name, as on the Hugging Face hub. Only config.json and the list of files are asked for "
                "first. Safetensors only; no code of a model is ever run.",
            )
            if st.form_submit_button("Ask the hub") and typed.strip():
                st.session_state.pop(ASKED, None)
                with errors_shown(), st.spinner("Asking the hub …"):
                    st.session_state[ASKED] = _ask(typed)
        if asked := st.session_state.get(ASKED):
            _offer(asked)


def _ask(typed: str) -> LanguageInfo:
    from core.backbones.language.hub_listing import ask  # which brings torch

    return ask(typed, state.workspace())


def _offer(asked: LanguageInfo) -> None:
    from core.backbones.language.hub_listing import say

    with st.container(border=True):
        with st.container(horizontal=True, gap="medium"):
            for label, value in say(asked).items():
                st.metric(label, literal(value, 60), width="content")
        try:
            here = find(asked.name, state.workspace())
        except BackboneError:
            here = asked
        if not is_ready(here, state.workspace()):
            offer(asked, "_asked")
            return
        st.success("It is on this machine.", icon=":material/check:")
        st.button("Choose it", key="choose_asked", on_click=_choose, args=(asked.name,))


def _choose(name: str) -> None:
    st.session_state.pop(ASKED, None)
    state.choose(backbone=name)


def deletable(info: Info) -> None:
    """A folder that was taken in, to the trash. Nothing for others."""
    if not isinstance(info, LanguageInfo) or info.library != "folder":
        return
    if st.button("Delete", icon=":material/delete:", key="delete_folder"):
        began = [run for run, _ in runs_and_views(state.workspace()) if _backbone_of(run) == info.name]
        words = f"**{literal(info.name, 100)}**, {file_size(size_of(info.folder))}. The folder it came from stays."
        if began:
            names = [literal(name, 100) for name in titles(began).values()]
            more = f"; and {len(names) - NAMED} more" if len(names) > NAMED else ""
            words += f" {count(len(names), 'run')} began with it, and can still predict, but not go on without it: "
            words += f"{'; '.join(names[:NAMED])}{more}."
        confirm("Delete this backbone?", words, "Delete the backbone", lambda: _delete(info))


def _delete(info: LanguageInfo) -> Trashed | None:
    trashed = delete_file(state.workspace(), info.folder)
    if state.choices().backbone == info.name:
        state.choose(backbone=usual(info.modality))
    return trashed


def _backbone_of(run: Run) -> str | None:
    try:
        return run.recipe.backbone
    except GraftError:  # damaged since it was listed
        return None
