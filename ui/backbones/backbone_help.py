"""Help me choose: three suggestions for the task, the examples and the machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.backbones.language.info import LanguageInfo
from core.backbones.language.suggest import LANGUAGES, LENGTHS, TOKENS_A_WORD
from core.backbones.language.suggest import suggest as of_texts
from core.backbones.libraries import is_ready, source
from core.backbones.suggest import TASKS, Suggestion, suggest
from core.data.dataset import Dataset
from core.errors import GraftError
from core.modalities import IMAGE, TEXT
from core.modalities.texts.languages import usual_language
from core.processes import available_cores
from core.runs import gpus
from ui.shared import state
from ui.shared.widgets import count, file_size, literal, short_number

USUAL_SHARE = 0.9  # of the texts, no longer than the usual one


@dataclass(frozen=True)
class Machine:
    name: str
    kind: str
    memory_bytes: int


@st.cache_resource(show_spinner="Looking at this machine")
def machine() -> Machine:
    if sys.platform == "linux" and not gpus():  # torch takes seconds to import
        return Machine(f"CPU, {count(available_cores(), 'core')}", "cpu", _memory())
    import torch

    from core.runtime.device import choose_device

    device = choose_device()
    if device.torch.type == "cuda":
        return Machine(device.name, "cuda", torch.cuda.get_device_properties(device.torch).total_memory)
    return Machine(device.name, device.torch.type, _memory())


def _memory() -> int:
    if hasattr(os, "sysconf"):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return 8 * 2**30  # Windows: what a small laptop has


def help_me_choose() -> None:
    here = machine()
    left, right = st.columns([3, 2])
    task = left.selectbox(
        "What do the images show?",
        list(TASKS),
        format_func=TASKS.__getitem__,
        help="The further your images are from everyday photos, the more of the network has to learn anew.",
    )
    images = right.number_input(
        "Labeled images",
        min_value=2,
        max_value=10_000_000,
        value=_images_of_dataset() or 500,
        help="How many there are in all classes together; taken from your dataset once there is one.",
    )
    st.caption(f"This machine: {literal(here.name)}, {file_size(here.memory_bytes)} of memory.")
    space = state.workspace()
    found = suggest(task, int(images), here.kind, here.memory_bytes, lambda info: is_ready(info, space))
    for number, (column, suggestion) in enumerate(zip(st.columns(len(found)), found)):
        with column:
            info = suggestion.info
            _suggestion(number, suggestion, source(info, space), f"{short_number(info.gflops)} GFLOPs")


def help_with_texts(known: Sequence[LanguageInfo]) -> None:
    """known: all backbones for texts that there are."""
    here, space, own = machine(), state.workspace(), _texts_of_dataset()
    language, length, many = st.columns(3)
    languages = list(LANGUAGES)
    spoken = language.selectbox(
        "Language of the texts",
        languages,
        index=languages.index(own.language) if own.language in languages else 0,
        help="Taken from your dataset, as far as its letters and smallest words tell.",
    )
    lengths = list(LENGTHS)
    usual = next((name for name in lengths if own.tokens <= LENGTHS[name]), lengths[-1])
    size = length.selectbox(
        "Length of a usual text",
        lengths,
        index=lengths.index(usual),
        help="Taken from your dataset once there is one. Backbones read a text up to a number of tokens, which are "
        "words or parts of words, and cut what is longer.",
    )
    texts = many.number_input(
        "Labeled texts",
        min_value=2,
        max_value=10_000_000,
        value=own.texts,
        help="How many there are in all; taken from your dataset once there is one.",
    )
    st.caption(f"This machine: {literal(here.name)}, {file_size(here.memory_bytes)} of memory.")

    def ready(info: LanguageInfo) -> bool:
        return is_ready(info, space)

    found = of_texts(spoken, LENGTHS[size], int(texts), here.kind, here.memory_bytes, known, ready)
    if not found:
        st.info(f"None of the backbones that are known reads this language ({spoken}).")
    elif not any(ready(suggestion.info) for suggestion in found):
        st.info(f"No backbone that is ready has learned this language ({spoken}). These are downloaded once.")
    for number, (column, suggestion) in enumerate(zip(st.columns(max(1, len(found))), found)):
        with column:
            info = suggestion.info
            said = f"{short_number(info.parameters)} parameters, reads {info.longest:,} tokens"
            _suggestion(number, suggestion, source(info, space), said)


@dataclass(frozen=True)
class _Texts:
    """What a dataset says. tokens: of a usual text, as its words tell."""

    language: str = "English"
    tokens: int = 64
    texts: int = 500


def _texts_of_dataset() -> _Texts:
    dataset = _dataset()
    if dataset is None or dataset.modality.name != TEXT.name:
        return _Texts()
    tokens = float(dataset.frame["words"].quantile(USUAL_SHARE)) * TOKENS_A_WORD
    return _Texts(usual_language(dataset) or "English", round(tokens), max(2, len(dataset.frame)))


def _suggestion(number: int, suggestion: Suggestion[Any], place: str, said: str) -> None:
    """said: of its size."""
    info = suggestion.info
    with st.container(border=True, height="stretch", vertical_alignment="distribute"):
        with st.container():
            ready = ":material/check_circle: Ready" if place != "download" else ":material/download: To be downloaded"
            name = literal(info.name.rpartition("/")[2], 40)
            st.markdown(f"**{name}**  \n:gray[{literal(info.family)} · {ready}]")
            st.markdown(literal(suggestion.reason))
            size = f", {file_size(info.download_bytes)} to download" if place == "download" else ""
            st.caption(f"{said}{size}")
        chosen = state.choices().backbone == info.name
        st.button(
            "Chosen" if chosen else "Choose",
            key=f"suggestion_{number}",
            disabled=chosen,
            on_click=state.choose,
            kwargs={"backbone": info.name},
        )


def _images_of_dataset() -> int | None:
    dataset = _dataset()
    return max(2, len(dataset.frame)) if dataset and dataset.modality.name == IMAGE.name else None


def _dataset() -> Dataset | None:
    chosen = state.choices()
    if not chosen.dataset:
        return None
    try:
        return state.dataset(chosen.dataset, chosen.dataset_version)
    except GraftError:
        return None
