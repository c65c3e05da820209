"""Backbone: choose a pretrained network."""

from __future__ import annotations

import streamlit as st

from core.backbones.catalogue import BUNDLED, BackboneInfo, find
from core.errors import BackboneError
from ui.backbones.backbone_browser import browse
from ui.backbones.backbone_card import card
from ui.backbones.backbone_help import help_me_choose
from ui.shared import state
from ui.shared.next_step import next_step
from ui.shared.page import draw
from ui.shared.widgets import literal, page_header, show_error


def main() -> None:
    page_header("Backbone", "A network that has already learned to see. Choose one, and it will learn your classes.")
    chosen = _chosen()
    if state.choices().dataset:
        next_step("Fine-tune with it", "pages/fine_tune.py", ":material/tune:", f"Chosen: {literal(chosen.name, 60)}")
    else:
        next_step("Next: add data", "pages/data.py", ":material/photo_library:", f"Chosen: {literal(chosen.name, 60)}")
    card(chosen)
    st.subheader("Help me choose", anchor=False)
    help_me_choose()
    st.subheader("All backbones", anchor=False)
    browse()


def _chosen() -> BackboneInfo:
    try:
        return find(state.choices().backbone)
    except BackboneError as error:  # chosen with other versions of the libraries
        show_error(error)
        state.choose(backbone=BUNDLED)
        return find(BUNDLED)


draw(main)
