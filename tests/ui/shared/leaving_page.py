"""A page on which a file is on its way, for test_leaving.py."""

import streamlit as st

from core.workspace import Workspace
from ui.datasets.imports import Upload
from ui.predictions.asking import Given
from ui.shared import leaving
from ui.shared.drop import Drop, Piece

leaving.end_with_tab()
if "upload" not in st.session_state:
    space = Workspace.open()
    upload = st.session_state["upload"] = Upload(space)
    upload.take(Drop("a", expected=1, files=9, size=100), [Piece("a/b.jpg", 100, 0, bytes(50))], False)
    given = st.session_state["given"] = Given(space)
    given._file.write(bytes(1000))
st.write("on its way")
