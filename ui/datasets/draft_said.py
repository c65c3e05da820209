"""What is done to a draft, and what is told of it: at the class, or the panel, where it was asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from core.errors import DataError, GraftError
from core.importing.drafts.adding import Added
from ui.shared.gone import words_of
from ui.shared.widgets import count, literal, show_error

TOLD = 5  # of what was left out, those that are named
SECONDS_TOLD = 4.0
T = TypeVar("T")


def attempt(where: str, what: Callable[[], T]) -> T | None:
    """Do it; what goes wrong is kept, to be told at `where` when the page is drawn."""
    try:
        return what()
    except GraftError as error:
        tell(where, error)
        return None
    except OSError as error:
        tell(where, DataError(words_of(error)))
        return None


def tell(where: str, said: Added | GraftError) -> None:
    st.session_state[f"said_{where}"] = time.monotonic(), said


def last_word(where: str) -> None:
    """Tell what happened here, for a few seconds: the page may be drawn again at once for another reason."""
    since, said = st.session_state.get(f"said_{where}", (0.0, None))
    if time.monotonic() - since > SECONDS_TOLD:
        return
    if isinstance(said, GraftError):
        show_error(said)
    elif isinstance(said, Added):
        st.caption(_counted(said))
        for refused in said.refused[:TOLD]:
            st.caption(f"{literal(refused.name, 60)}: {literal(refused.reason)}")
        if len(said.refused) > TOLD:
            st.caption(f"And {len(said.refused) - TOLD:,} more.")


def _counted(added: Added) -> str:
    words = [f"{count(added.taken, added.draft.noun)} added."]
    if added.known:
        words.append(f"{added.known:,} were here already.")
    if added.refused:
        words.append(f"{len(added.refused):,} left out:")
    return " ".join(words)
