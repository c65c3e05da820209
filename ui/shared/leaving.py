"""When a tab was closed, what it held goes: half uploads, images that were given to ask about, files in memory.

Streamlit keeps a session whose browser has gone for two minutes and longer, in case it comes back, and looks for old
ones only when another one goes. Here it is ended some seconds after: time enough for a connection that broke off.
"""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from contextlib import suppress

import streamlit as st
from streamlit.runtime import exists, get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx

SECONDS_TO_COME_BACK = 10.0
_held: dict[str, list[weakref.finalize]] = {}  # by session: what it holds outside of its memory
_noting = threading.Lock()


def goes_with_tab(gone: weakref.finalize) -> weakref.finalize:
    """Let this be called when the tab that is drawn now has been closed, if not before."""
    context = get_script_run_ctx()
    if context is not None:
        with _noting:
            alive = [each for each in _held.get(context.session_id, ()) if each.alive]
            _held[context.session_id] = [*alive, gone]
    return gone


def end_with_tab() -> None:
    """To be called at each drawing of the page."""
    context = get_script_run_ctx()
    if context is not None and exists():
        _session(context.session_id)


def _left(session: str) -> None:
    """Its connection has ended. Streamlit says so on the thread of its event loop; elsewhere, nobody has left."""
    with suppress(RuntimeError):
        asyncio.get_running_loop().call_later(SECONDS_TO_COME_BACK, _end, session)


@st.cache_resource(scope="session", show_spinner=False, on_release=_left)
def _session(session: str) -> str:
    return session


def _end(session: str) -> None:
    runtime = get_instance()
    if not runtime.is_active_session(session):
        runtime.close_session(session)
        threading.Thread(target=_let_go, args=(session,), daemon=True).start()


def _let_go(session: str) -> None:
    with _noting:
        held = _held.pop(session, [])
    for gone in held:
        with suppress(OSError):
            gone()
    gc.collect()  # a session holds itself
