"""What is asked of a thing that is gone (deleted in another tab, from a shell, by hand) ends in a sentence, and in a
page without it. Pages run in `page()`; what runs apart from them, on a click or by itself, in `told()` or `apart`."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec

import streamlit as st

from core.errors import GraftError
from core.store.full_disk import refused
from ui.shared.widgets import literal, show_error

GONE = "Something that was shown here is not there any more: it was deleted, perhaps in another tab."
SECONDS_TOLD = 4.0
_SAID, _AGAIN = "gone_said", "gone_again"
P = ParamSpec("P")


def say(words: str, well: bool = False) -> None:
    """Show a sentence at the top of the page for a few seconds: it may be drawn again at once for another reason.

    well: it is no complaint.
    """
    st.session_state[_SAID] = (time.monotonic(), words, well)


def last_word() -> None:
    """Show the sentence that was kept."""
    since, words, well = st.session_state.get(_SAID, (0.0, "", False))
    if not words or time.monotonic() - since > SECONDS_TOLD:
        return
    if well:
        st.success(literal(words), icon=":material/check:")
    else:
        show_error(words)


@contextmanager
def told() -> Iterator[None]:
    """In a callback: what cannot be done is said on the page, which is drawn after it."""
    try:
        yield
    except (GraftError, OSError) as error:
        say(words_of(error))


def asked(function: Callable[P, object]) -> Callable[P, None]:
    """A callback in `told`."""

    @wraps(function)
    def safely(*arguments: P.args, **named: P.kwargs) -> None:
        with told():
            function(*arguments, **named)

    return safely


@contextmanager
def page() -> Iterator[None]:
    """Draw the page again without what is gone, once; should that not help, the sentence ends it."""
    last_word()
    try:
        yield
    except (GraftError, OSError) as error:
        _again(error)
    else:
        st.session_state.pop(_AGAIN, None)


def apart(function: Callable[P, None]) -> Callable[P, None]:
    """A fragment, or a dialog, that draws the whole page again where what it shows is gone."""

    @wraps(function)
    def drawn(*arguments: P.args, **named: P.kwargs) -> None:
        try:
            function(*arguments, **named)
        except (GraftError, OSError) as error:
            _again(error)

    return drawn


def _again(error: Exception) -> None:
    if st.session_state.pop(_AGAIN, False):
        show_error(words_of(error))
        return
    st.session_state[_AGAIN] = True
    say(words_of(error))
    st.rerun()


def words_of(error: Exception) -> str:
    if isinstance(error, GraftError):
        return str(error)
    logging.getLogger(__name__).warning("Gone while it was looked at", exc_info=error)
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return GONE
    assert isinstance(error, OSError)
    return refused(error)
