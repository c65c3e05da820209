"""Small pieces that every page uses: words made safe, numbers made readable, headers, empty states, errors."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.pages_manager import PagesManager

from core.errors import GraftError
from core.store.full_disk import refused
from core.units import file_size as file_size
from core.words import clip as clip

_JOINER = (
    "\u2060"  # zero width: cuts patterns that Streamlit replaces even in escaped text (:smile:, ->, www.x.y, a@b.c)
)
_PATTERNS = re.compile(r"(?<=[:@])(?=\S)|(?<=[-<>=~])(?=[-<>=])|(?<=www)(?=\.)", re.IGNORECASE)
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def literal(text: object, limit: int | None = None) -> str:
    """`text` such that Streamlit's Markdown shows exactly its characters, on one line.

    For labels, file names and other people's words. Not for `st.text`, `st.code`, tables or select boxes, which show
    text as it is. Longer than `limit`, it is cut with an ellipsis.
    """
    line = clip(text, limit)
    return _PUNCTUATION.sub(r"\\\1", _PATTERNS.sub(_JOINER, line))


def uploaded_name(name: str) -> str:
    """An uploaded file's name as it is on the person's machine: browsers write three characters of it in another way.

    https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data
    """
    return name.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")


def escaped(text: object, limit: int = 120) -> str:
    """`text` for Plotly, which reads a little HTML, and formulas between dollar signs."""
    safe = clip(text, limit).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return safe.replace("$", "&#36;")


def page_header(title: str, sentence: str) -> None:
    """The top of a page: what it is and, in one sentence, what it is for.

    Until app.py has run once, Streamlit takes the folder pages/ for the list of pages (its way before `st.navigation`)
    and opens a page's own address without app.py. Told otherwise, and run again, it brings the frame.
    """
    if "framed" not in st.session_state:
        st.session_state["framed"] = False
        PagesManager.uses_pages_directory = False
        st.rerun()
    st.title(title, anchor=False)
    st.markdown(f":gray[{sentence}]")


def empty_state(title: str, sentence: str, page: str | None = None, link: str = "") -> None:
    """Nothing to show yet: say what to do next and link there. `title` and `sentence` are Graft's own words."""
    with st.container(border=True):
        st.markdown(f"**{title}**")
        st.markdown(sentence)
        if page and st.button(link, type="primary", icon=":material/arrow_forward:", key=f"go_{page}"):
            st.switch_page(page)


def steady(key: str) -> DeltaGenerator:
    """A container whose contents do not fade at every poll, as Streamlit has it with what it is about to redraw."""
    st.html(f"<style>.st-key-{key} [data-stale] {{ opacity: 1 !important; transition: none !important; }}</style>")
    return st.container(key=key)


def words_table(table: pd.DataFrame, key: str, **options: Any) -> None:
    """A table of other people's words, without Streamlit's own way to save it: a spreadsheet would run some of them."""
    st.html(f"<style>.st-key-{key} [aria-label='Download as CSV'] {{ display: none; }}</style>")
    with st.container(key=key):
        st.dataframe(table, hide_index=True, **options)


def column_width(texts: Iterable[object], most: int = 460) -> int:
    """Pixels that a table's column needs to show each of these whole."""
    return min(most, 24 + round(7.4 * max((len(str(text)) for text in texts), default=0)))


def show_error(error: GraftError | OSError | str) -> None:
    """Show an error's text as it is, with nothing in it interpreted."""
    error = refused(error) if isinstance(error, OSError) else error
    st.error("  \n".join(literal(line) for line in str(error).splitlines()), icon=":material/error:")


@contextmanager
def errors_shown() -> Iterator[None]:
    """Show what goes wrong in the block in words: Graft's own errors, and what the disk refuses. Anything else is a bug
    and may be seen."""
    try:
        yield
    except (GraftError, OSError) as error:
        show_error(error)


def count(number: float | None, noun: str = "") -> str:
    """`1 image`, `12 images`, `3,402 images`; a dash where the number is unknown."""
    if number is None:
        return "–"
    plural = "" if number == 1 else "es" if noun.endswith(("s", "x")) else "s"
    return f"{number:,.0f} {noun}{plural}" if noun else f"{number:,.0f}"


def short_number(number: float | None) -> str:
    """`950`, `4.65 M`, `1.2 G`: three figures; a dash where the number is unknown."""
    if number is None:
        return "–"
    for limit, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(number) >= limit:
            return f"{number / limit:.3g}{unit}" if abs(number) < 1000 * limit else f"{number / limit:,.0f}{unit}"
    return f"{number:.3g}"


def duration(seconds: float | None) -> str:
    """`under a second`, `8 s`, `3 min 20 s`, `2 h 5 min`; a dash where unknown."""
    if seconds is None or not math.isfinite(seconds):
        return "–"
    if seconds < 1:
        return "under a second"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def roughly(seconds: float) -> str:
    """What nobody knows to the second: `about 8 s`, `about 18 min`, `about 2 h 5 min`."""
    return f"about {duration(seconds if seconds < 120 else 60 * round(seconds / 60))}"


def percent(share: float | None) -> str:
    """A share between 0 and 1 as `93.4%`; a dash where unknown."""
    return "–" if share is None else f"{share:.1%}"
