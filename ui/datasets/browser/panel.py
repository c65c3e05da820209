"""Looking through a dataset: a few examples of each class, then pages of any class, found by filters and by name."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from core.data.browsing import first_of_each, matching, page_of, pages
from core.data.dataset import Dataset
from core.data.tags import tags_of
from ui.datasets.browser.actions import action_bar
from ui.datasets.browser.dialog import example_dialog
from ui.datasets.browser.filters import Query, clear, filters, look_at, page_key
from ui.datasets.browser.grid import class_rows, example_grid
from ui.datasets.browser.ticks import ticks
from ui.examples import shown_of
from ui.shared.gone import apart
from ui.shared.widgets import count, errors_shown

ON_A_PAGE = 48  # divides into rows of 2, 3, 4, 6, 8 and 12
CLASSES_ON_A_PAGE = 8


def browser_panel(dataset: Dataset) -> None:
    """Most of it is a fragment, so that ticking does not run the whole page again."""
    ticks(dataset).renew()  # what the browser drew before may be gone
    _browser(dataset)


@st.fragment
@apart
def _browser(dataset: Dataset) -> None:
    query = filters(dataset)
    with errors_shown():
        if query.few:
            _overview(dataset, query)
        else:
            found = _found(dataset.directory, dataset.version, query, dataset)
            _page(dataset, found, query)
            action_bar(dataset, ticks(dataset), dataset.frame.loc[found, "name"])
    name = st.session_state.pop("enlarged", None)
    if name is not None:
        example_dialog(dataset, name)


def _overview(dataset: Dataset, query: Query) -> None:
    many = pages(len(dataset.classes), CLASSES_ON_A_PAGE)
    number = _page_number(many, key := page_key(dataset, query))
    labels = list(dataset.classes[(number - 1) * CLASSES_ON_A_PAGE : number * CLASSES_ON_A_PAGE])
    few = _few(dataset.directory, dataset.version, tuple(labels), dataset)
    sizes = dataset.report.classes
    class_rows(dataset, few, sizes, on_open=lambda label: look_at(dataset, label), key="class_rows")
    _page_buttons(many, number, key)


def _page(dataset: Dataset, found: pd.Index, query: Query) -> None:
    if found.empty:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(f"No {dataset.modality.noun} matches.")
            st.button("Clear the filters", on_click=clear, args=(dataset,))
        return
    many = pages(len(found), ON_A_PAGE)
    number = _page_number(many, key := page_key(dataset, query))
    rows = dataset.frame.loc[page_of(found, number, ON_A_PAGE)]
    first = (number - 1) * ON_A_PAGE + 1
    with st.container(gap="xsmall"):
        st.caption(f"{first:,}–{first + len(rows) - 1:,} of {count(len(found), dataset.modality.noun)}")
        example_grid(
            dataset,
            rows,
            ticks(dataset),
            place=f"{query} {number}",
            answers=query.label is None or (dataset.task.classes is not None and dataset.task.classes.several),
            on_open=_enlarge,
            key="example_grid",
        )
    _page_buttons(many, number, key)


@st.cache_resource(max_entries=16, show_spinner=False)
def _found(directory: Path, version: int, query: Query, _dataset: Dataset) -> pd.Index:
    """Which rows match, in their order; kept, as every tick asks for it again."""
    finding = next((one for one in _dataset.report.findings if one.kind == query.finding), None)
    label, split, text, order = query.label, query.split, query.text, query.order
    among = None if query.tag is None else tags_of(_dataset).get(query.tag, frozenset())
    return matching(_dataset, label=label, split=split, finding=finding, text=text, among=among, order=order).index


@st.cache_resource(max_entries=16, show_spinner=False)
def _few(directory: Path, version: int, labels: tuple[str, ...], _dataset: Dataset) -> dict[str, pd.DataFrame]:
    return first_of_each(_dataset, list(labels), shown_of(_dataset).each)


def _enlarge(name: str) -> None:
    st.session_state["enlarged"] = name


def _page_number(many: int, key: str) -> int:
    """The page that is chosen, of `many`; a list that has become shorter is shown at its end."""
    return min(st.session_state.get(key, 1), many)


def _page_buttons(many: int, number: int, key: str) -> None:
    if many > 1:
        st.pagination(many, default=number, key=key, persist_state="session")
