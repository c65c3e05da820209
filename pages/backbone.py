"""Backbone: choose a pretrained network."""

from __future__ import annotations

import streamlit as st

from core.backbones.info import BackboneInfo
from core.backbones.language.info import LanguageInfo
from core.backbones.libraries import Info, find, infos, usual
from core.errors import BackboneError
from core.modalities import IMAGE, MODALITIES
from ui.backbones.backbone_browser import browse
from ui.backbones.backbone_card import card
from ui.backbones.backbone_help import help_me_choose, help_with_texts
from ui.backbones.fitting import follow_dataset
from ui.backbones.texts import browse_texts, text_card
from ui.shared import state
from ui.shared.next_step import next_step
from ui.shared.page import draw
from ui.shared.widgets import literal, page_header, show_error


def main() -> None:
    page_header(
        "Backbone", "A network that has already learned to see, or to read. Choose one, and it will learn your classes."
    )
    follow_dataset()
    chosen = _chosen()
    if state.choices().dataset:
        next_step("Fine-tune with it", "pages/fine_tune.py", ":material/tune:", f"Chosen: {literal(chosen.name, 60)}")
    else:
        next_step("Next: add data", "pages/data.py", ":material/photo_library:", f"Chosen: {literal(chosen.name, 60)}")
    shown = _which(chosen.modality)
    if not isinstance(chosen, BackboneInfo):
        text_card(chosen)
    else:
        card(chosen)
    st.subheader("Help me choose", anchor=False)
    if shown != IMAGE.name:
        help_with_texts([info for info in infos(shown, state.workspace()) if isinstance(info, LanguageInfo)])
        st.subheader("All backbones", anchor=False)
        browse_texts(shown)
        return
    help_me_choose()
    st.subheader("All backbones", anchor=False)
    browse()


def _which(of_chosen: str) -> str:
    """Of which examples the backbones are listed: of those of the chosen one, until somebody wants others."""
    there = [name for name in MODALITIES if infos(name)]
    if len(there) < 2:
        return IMAGE.name
    picked = st.segmented_control(
        "For",
        there,
        default=of_chosen,
        format_func=lambda name: f"{MODALITIES[name].noun.capitalize()}s",
        required=True,
        key=f"backbones_for_{of_chosen}",
    )
    return str(picked or of_chosen)


def _chosen() -> Info:
    try:
        return find(state.choices().backbone, state.workspace())
    except BackboneError as error:  # chosen with other versions of the libraries
        show_error(error)
        state.choose(backbone=usual(IMAGE.name))
        return find(usual(IMAGE.name))


draw(main)
