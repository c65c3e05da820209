"""The stages of a backbone, worked out once for each."""

from __future__ import annotations

import streamlit as st

from core.backbones.catalogue import find
from core.backbones.model import Stage, describe


@st.cache_resource(max_entries=64, show_spinner="Looking at the network")
def stages_of(name: str) -> tuple[Stage, ...]:
    """
    Raises:
        BackboneError: there is no such backbone, or it cannot be cut into stages.
    """
    return describe(find(name))
