"""What is ticked gets a tag, or becomes a dataset of its own: neither changes this version."""

from __future__ import annotations

import json

import streamlit as st

from core import jobs
from core.data.dataset import Dataset
from core.data.tags import tag, tags_of, untag
from ui.datasets.browser.ticks import Ticks
from ui.shared import state
from ui.shared.widgets import clip, count, errors_shown, literal


def tagging(dataset: Dataset, ticks: Ticks) -> None:
    """A word to find them again by: as a filter on Data, and as a group on Evaluate."""
    many = count(len(ticks.names), dataset.modality.noun)
    with st.popover("Tag"):
        word = st.selectbox(
            "Tag",
            list(tags_of(dataset)),
            index=None,
            placeholder="Choose one, or type a new one",
            accept_new_options=True,
            format_func=lambda word: clip(word, 60),
            key=f"tag_{dataset.id}",
            help="A word to find them again by: a filter on Data, and a group on Evaluate. It changes nothing of what "
            "is learned.",
        )
        if st.button(f"Tag {many}", type="primary", disabled=not word) and word:
            with errors_shown():
                st.toast(f"{many} tagged {literal(tag(dataset, ticks.names, word), 60)}.", icon=":material/sell:")
        if st.button(f"Take it from {many}", disabled=word not in tags_of(dataset)) and word:
            with errors_shown():
                untag(dataset, ticks.names, word)
                st.toast(f"{literal(word, 60)} taken from {many}.", icon=":material/sell:")


def own_dataset(dataset: Dataset, ticks: Ticks) -> None:
    noun = dataset.modality.noun
    with st.popover("Make a dataset"):
        name = st.text_input("What it is called", f"{clip(dataset.name, 60)}, some", key=f"own_{dataset.id}")
        words = f"Make one of {count(len(ticks.names), noun)}"
        help = f"A dataset of its own with these {noun}s, split anew; this one stays as it is."
        if st.button(words, type="primary", help=help, disabled=not name.strip()):
            with errors_shown():
                jobs.start(
                    state.workspace(),
                    "import some",
                    clip(name, 60),
                    dataset=dataset.id,
                    version=dataset.version,
                    names=json.dumps(sorted(ticks.names)),
                    name=clip(name, 60),
                )
                st.switch_page("pages/data.py")
