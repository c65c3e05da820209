"""How an import is read: what a person says beforehand, and what an import asks that could be read in several ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.importing.tables.encodings import ENCODINGS, TITLES
from core.importing.tables.reading import FOLDERS, NEW_SPLIT, Reading
from core.jobs import Job, asking
from core.modalities import IMAGE, MODALITIES, Modality
from core.tasks import readable
from ui.examples import SHOWN
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
MADE_OF = {"": "As it looks"} | {name: f"{one.noun}s".capitalize() for name, one in MODALITIES.items()}
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
            help="The heading of the column in your table that says what is to be learned.",
        )
        level = _choice(
            *(right, "Folder of the class", LEVELS, kept.level, "reading_level"),
            help="Counted below the folders that all of them share; folders named train or test do not count.",
        )
        kind = _choice(left, "What the answer is", KINDS, kept.kind or "", "reading_kind")
        split = _choice(right, "Split into training, validation and test", SPLITS, kept.split, "reading_split")
        encoding = _choice(
            *(left, "Letters of names and tables", LETTERS, kept.encoding, "reading_encoding"),
            help="For what is not UTF-8, such as tables of older spreadsheets. Choose another if letters look wrong.",
        )
        pages = _choice(right, "Files with several pages", PAGES, kept.pages, "reading_pages")
        modality = _choice(left, "What is in it", MADE_OF, kept.modality, "reading_modality")
        help = "The heading of the column that holds the texts."
        text = right.text_input("Column of the texts", value=kept.text, key="reading_text", help=help)
        help = "Where two texts belong together, as a question and an answer. A hyphen says that there is no second."
        second = left.text_input("Column of the second text", value=kept.second, key="reading_second", help=help)
    said = Reading(
        *(column.strip(), level, kind or None, split, encoding, pages, modality, text.strip(), second.strip())  # type: ignore[arg-type]
    )
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
        way = asked.ways[number]
        preview(way.counts, way.examples, MODALITIES.get(asked.modality, IMAGE))


def preview(counts: Mapping[str, int], examples: Mapping[str, Sequence[str]], modality: Modality) -> None:
    """How many examples each answer has, and some of them."""
    st.caption(f"So read, there are {count(len(counts), 'answer')}:")
    shown = list(islice(examples.items(), MOST_SHOWN))
    for answer, some in shown:
        st.markdown(f"{literal(clip(answer))} · {count(counts.get(answer, 0), modality.noun)}")
        if some:
            SHOWN[modality.name].previews(some)
    if len(counts) > len(shown):
        st.caption(f"and {len(counts) - len(shown):,} more.")
