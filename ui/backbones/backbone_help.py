"""Help me choose: three suggestions for the task, the images and the machine."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

import streamlit as st

from core.backbones.suggest import TASKS, Suggestion, suggest
from core.backbones.weights import is_ready, source
from core.errors import GraftError
from core.processes import available_cores
from core.runs import gpus
from ui.shared import state
from ui.shared.widgets import count, file_size, literal, short_number


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
            _suggestion(number, suggestion, source(suggestion.info, space))


def _suggestion(number: int, suggestion: Suggestion, place: str) -> None:
    info = suggestion.info
    with st.container(border=True, height="stretch", vertical_alignment="distribute"):
        with st.container():
            ready = ":material/check_circle: Ready" if place != "download" else ":material/download: To be downloaded"
            name = literal(info.name.rpartition("/")[2], 40)
            st.markdown(f"**{name}**  \n:gray[{literal(info.family)} · {ready}]")
            st.markdown(literal(suggestion.reason))
            size = f", {file_size(info.download_bytes)} to download" if place == "download" else ""
            st.caption(f"{short_number(info.gflops)} GFLOPs{size}")
        chosen = state.choices().backbone == info.name
        st.button(
            "Chosen" if chosen else "Choose",
            key=f"suggestion_{number}",
            disabled=chosen,
            on_click=state.choose,
            kwargs={"backbone": info.name},
        )


def _images_of_dataset() -> int | None:
    chosen = state.choices()
    if not chosen.dataset:
        return None
    try:
        return max(2, len(state.dataset(chosen.dataset, chosen.dataset_version).frame))
    except GraftError:
        return None
