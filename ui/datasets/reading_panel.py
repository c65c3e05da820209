"""How an import is read: what a person says beforehand, and what an import asks that could be read in several ways."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from itertools import islice
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.importing.tables.encodings import ENCODINGS, TITLES
from core.importing.tables.reading import FOLDERS, NEW_SPLIT, Reading
from core.jobs import Job, asking
from core.modalities import IMAGE, MODALITIES
from core.tasks import readable
from ui.shared.widgets import clip, count, literal

KINDS = {"": "As it looks"} | {name: task.each.capitalize() for name, task in readable().items()}
LEVELS = {
    None: "As it looks",
    1: "The first folder inside",
    2: "The second folder inside",
    3: "The third folder inside",
    0: "How the files' names begin",
}
SPLITS = {"": "As it comes, else a new one", FOLDERS: "Only as the folders say", NEW_SPLIT: "A new one"}
LETTERS = {"": "As they look", **{name: TITLES[name] for name in ENCODINGS}}
PAGES = {"first": "The first", "all": "All, each an image of its own"}
KEPT = "reading_kept"  # lives on while an import is watched in the panel's place
MOST_SHOWN = 6  # answers of a way
T = TypeVar("T")


def kept_reading() -> Reading | None:
    """What was said in the panel; None if nothing."""
    kept: Reading = st.session_state.get(KEPT, Reading())
    return None if kept == Reading() else kept


def chosen_reading() -> Reading | None:
    """The panel for what an import would otherwise find out by itself, closed until someone needs it."""
    kept: Reading = st.session_state.get(KEPT, Reading())
    with st.expander("How it is read", expanded=kept != Reading()):
        st.caption("Graft finds these out, and asks where the answer hangs on a guess. Say it here if that went wrong.")
        left, right = st.columns(2)
        column = left.text_input(
            "Column of the answer",
            value=kept.column,
            key="reading_column",
            help="The heading of the column in your table that says what an image shows.",
        )
        level = _choice(
            *(right, "Folder of the class", LEVELS, kept.level, "reading_level"),
            help="Counted below the folders that all images share; folders named train or test do not count.",
        )
        kind = _choice(left, "What the answer is", KINDS, kept.kind or "", "reading_kind")
        split = _choice(right, "Split into training, validation and test", SPLITS, kept.split, "reading_split")
        encoding = _choice(
            *(left, "Letters of names and tables", LETTERS, kept.encoding, "reading_encoding"),
            help="For what is not UTF-8, such as tables of older spreadsheets. Choose another if letters look wrong.",
        )
        pages = _choice(right, "Files with several pages", PAGES, kept.pages, "reading_pages")
    said = Reading(column.strip(), level, kind or None, split, encoding, pages)  # type: ignore[arg-type]
    st.session_state[KEPT] = said
    return kept_reading()


def _choice(place: DeltaGenerator, label: str, titles: Mapping[T, str], kept: T, key: str, help: str = "") -> T:
    """One of these, by what they are called; at first the one that was kept."""
    options = list(titles)
    at = options.index(kept) if kept in options else 0
    return place.selectbox(label, options, index=at, format_func=titles.__getitem__, key=key, help=help or None)


def reading_panel(job: Job, asked: asking.Asked) -> None:
    """The question of an import that waits, with a preview of each way to read it."""
    with st.container(border=True):
        st.markdown(f"**{literal(clip(job.title))}: what are the classes?** {literal(asked.why)}")
        titles = [literal(way.title, 120) for way in asked.ways]
        number = st.radio(
            "Read it by",
            range(len(titles)),
            format_func=titles.__getitem__,
            captions=["The likeliest", *[""] * (len(titles) - 1)],
            key=f"way_{job.id}",
            label_visibility="collapsed",
        )
        split = ""
        if len(asked.splits) > 1:
            split = st.selectbox(
                "Split", list(asked.splits), format_func=asked.splits.__getitem__, key=f"way_split_{job.id}"
            )
        with st.container(horizontal=True):
            right = st.button("Import it so", type="primary", icon=":material/check:", key=f"way_yes_{job.id}")
            st.button("Stop", icon=":material/stop:", on_click=job.stop, key=f"stop_{job.id}")
        if right:
            asking.answer(job.directory, number, split or "")
            st.rerun()
        _preview(asked.ways[number], asked.modality)


def _preview(way: asking.Way, modality: str) -> None:
    st.caption(f"So read, there are {count(len(way.counts), 'answer')}:")
    shown = list(islice(way.examples.items(), MOST_SHOWN))
    for answer, examples in shown:
        noun = MODALITIES[modality].noun if modality in MODALITIES else "example"
        st.markdown(f"{literal(clip(answer))} · {count(way.counts.get(answer, 0), noun)}")
        if examples and modality == IMAGE.name:
            st.image([base64.b64decode(image) for image in examples], width=72)
        else:
            for text in examples:
                st.caption(literal(text))
    if len(way.counts) > len(shown):
        st.caption(f"and {len(way.counts) - len(shown):,} more.")
