"""Graft in the browser: `python serve.py`, or `streamlit run app.py`. Lists the pages and draws what surrounds them."""

from __future__ import annotations

import gc
import threading
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from core import runs, trash
from core.address_space import must_have_for_torch
from core.processes import share_cores
from ui.runs.feed import routes
from ui.shared import brand, leaving, sidebar, state, theme
from ui.shared.gate import Gate


@st.cache_resource(show_spinner=False)
def _warm_up() -> None:
    """Import what takes seconds (torch), once for the server, while the first page is being read: it is drawn by now,
    and had the processor for itself."""
    threading.Thread(target=_import_ahead, args=("core.inference.predictor",), daemon=True).start()


@st.cache_resource(show_spinner=False)
def _open_again() -> None:
    """Once for the server: what waited its turn when the machine went down gets it after all, and what has been in the
    trash for its days goes for good."""
    with suppress(Exception):  # the page says what is wrong with the workspace
        runs.requeue(state.workspace())
    with suppress(Exception):
        trash.empty(state.workspace(), older_than=trash.days_kept())


def _import_ahead(module: str) -> None:
    with suppress(Exception):  # whoever needs it will import it again, and be told what is wrong
        must_have_for_torch()
        import_module(module)
    gc.freeze()  # what was imported stays: no collection has to look through it again


def _draw() -> None:
    st.set_page_config(page_title="Graft", page_icon=brand.icon(), layout="wide", initial_sidebar_state="auto")
    share_cores()
    leaving.end_with_tab()
    _open_again()
    page = st.navigation(
        [
            st.Page("pages/home.py", title="Home", icon=":material/home:", default=True),
            st.Page("pages/backbone.py", title="Backbone", icon=":material/account_tree:"),
            st.Page("pages/data.py", title="Data", icon=":material/photo_library:"),
            st.Page("pages/fine_tune.py", title="Fine-tune", icon=":material/tune:"),
            st.Page("pages/evaluate.py", title="Evaluate", icon=":material/fact_check:"),
            st.Page("pages/predict.py", title="Predict", icon=":material/image_search:"),
        ]
    )
    brand.show()
    theme.mend_contrast()
    st.session_state["framed"] = True
    place = st.sidebar.empty()
    shown = sidebar.summary(place)
    page.run()
    if state.choices() != shown:  # the page has just changed something
        sidebar.summary(place)
    _warm_up()


if __name__ == "__main__":
    _draw()
else:  # imported by `streamlit run`, which serves what it finds here and runs this file for each look at a page
    app = st.App(Path(__file__), routes=routes(), middleware=[Middleware(Gate)])
