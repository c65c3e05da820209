"""The draft panel on a page of its own."""

import streamlit as st

from ui.datasets.draft_panel import draft_panel
from ui.datasets.imports import from_draft
from ui.shared import job_watch, state

st.set_page_config(layout="wide")
st.title("Drafts", anchor=False)
running = job_watch.running(state.workspace(), "import")
if running is not None:
    job_watch.watch(running, "import")
else:
    draft_panel(lambda draft: from_draft(state.workspace(), draft))
