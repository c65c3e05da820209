"""The texts that somebody asks about: typed, pasted, or in a file. Torch is not needed."""

from __future__ import annotations

import hashlib
from typing import Any

import streamlit as st

from core.errors import GraftError
from core.importing.tables.encodings import decode_text
from core.importing.texts.asked import Text, called, cells_of, columns_of, guessed, lines_of
from core.limits import Limits
from ui.predictions.asking import Image
from ui.shared.widgets import count, literal, show_error

ENDINGS = ("txt", "csv", "tsv", "xlsx", "jsonl", "json", "parquet")
_ASKED = "texts_asked"


def given_texts() -> list[Image]:
    """Those of the box, once **Ask** was pressed, and those of a file."""
    _box()
    try:
        return [_asked(text) for text in dict.fromkeys([*st.session_state.get(_ASKED, ()), *_of_file()])]
    except GraftError as error:
        show_error(error)
        return []


def _asked(text: Text) -> Image:
    key = hashlib.sha256("\0".join(text).encode("utf-8", "surrogatepass")).hexdigest()
    return Image(key, called(text), lambda: text)


def _box() -> None:
    with st.form("ask_texts", border=False):
        st.text_area("Text", key="text_box", height=120, placeholder="Type or paste a text", max_chars=200_000)
        if st.session_state.get("text_pairs"):
            st.text_area("The text that belongs to it", key="second_box", height=80, max_chars=200_000)
        st.form_submit_button("Ask", type="primary", icon=":material/question_answer:", on_click=_take)
    with st.container(horizontal=True):
        st.checkbox("One text a line", key="text_lines", help="Asks about each line by itself.")
        st.checkbox("Two texts that belong together", key="text_pairs", help="For a model that was taught with pairs.")


def _take() -> None:
    text, second = (str(st.session_state.get(key, "")).strip() for key in ("text_box", "second_box"))
    lines = st.session_state.get("text_lines") and not st.session_state.get("text_pairs")
    try:
        found = lines_of(text) if lines else [(text, second if st.session_state.get("text_pairs") else "")]
    except GraftError as error:
        show_error(error)
        return
    st.session_state[_ASKED] = [each for each in found if each[0]]


def _of_file() -> list[Text]:
    """
    Raises:
        DataError: it cannot be read.
    """
    most = max(1, Limits.from_environment().file_bytes >> 20)
    file = st.file_uploader(
        "Or a file of texts: a line each, or a table", type=list(ENDINGS), key="texts_file", max_upload_size=most
    )
    if file is None:
        return []
    data = file.getvalue()
    frame = columns_of(file.name, data)
    if frame is None:
        return lines_of(decode_text(data).text)
    columns: Any = guessed(frame)
    if len(frame.columns) > 1:
        names = list(frame.columns)
        one = st.selectbox("Column with the texts", names, index=names.index(columns[0]), key="texts_column")
        columns = columns if one == columns[0] else (one,)
    found = cells_of(frame, columns)
    st.caption(f"{count(len(found), 'text')} from {literal(file.name, 60)}")
    return found
