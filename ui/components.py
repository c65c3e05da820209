"""Graft's own components (Streamlit components v2): the browser's side of each lies beside the panel that draws it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st


def component(module: str, name: str, **settings: Any) -> Any:
    """To be called to draw it. module: the `__file__` beside which there are `name`.js and perhaps `name`.css."""
    script, style = (Path(module).with_name(f"{name}.{ending}") for ending in ("js", "css"))
    css = style.read_text(encoding="utf-8") if style.exists() else None
    return st.components.v2.component(f"graft_{name}", js=script.read_text(encoding="utf-8"), css=css, **settings)
