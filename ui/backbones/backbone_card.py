"""The chosen backbone: what is known about it, where its weights are, and its image."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import streamlit as st

from core.backbones.catalogue import BackboneInfo
from core.backbones.own_weights import suits
from core.backbones.weights import ENDINGS, Match, keep_file, source
from core.errors import BackboneError
from ui.backbones.downloads import offer
from ui.backbones.network import given_to, network_diagram
from ui.backbones.own_weights import forget_upload, given_before
from ui.backbones.stages import stages_of
from ui.shared import state
from ui.shared.widgets import clip, errors_shown, file_size, literal, short_number, show_error

WHERE = {
    "bundled": "Bundled with Graft",
    "cached": "On this machine",
    "download": "To be downloaded",
    "absent": "Not installed",
    "file": "Your own file",
}
_TAKEN = "weights_files_taken"  # how many, in this session
LISTED = 200  # names of tensors shown of each kind


def where(info: BackboneInfo) -> str:
    """Where the chosen backbone's weights come from: a key of `WHERE`."""
    return "file" if state.choices().weights_file else source(info, state.workspace())


def card(info: BackboneInfo) -> None:
    with st.container(border=True, key="chosen"):
        st.caption("Chosen")
        st.subheader(literal(info.name), anchor=False)
        _facts(info)
        _weights(info)
    with st.container(border=True):
        st.markdown(
            "**The network, stage by stage.** An image goes in at the top; what the head learns from comes out below."
        )
        with errors_shown():
            network_diagram(stages_of(info), given=given_to(info), key=f"image_{info.name}")


def facts(info: BackboneInfo) -> dict[str, str]:
    """What the card says, in its order; a dash where the library does not say."""
    download = {} if info.library == "bundled" else {"Download": file_size(info.download_bytes)}
    return {
        "Family": info.family,
        "Parameters": short_number(_parameters(info)),
        "GFLOPs": short_number(info.gflops),
        "Top-1": "–" if info.top1 is None else f"{info.top1:.1f}%",
        "Input": f"{info.input_size} px",
        "Weights": WHERE[where(info)],
    } | download


def _parameters(info: BackboneInfo) -> int | None:
    """As the Fine-tune page counts them: those of the stages, without the published last layer."""
    try:
        return sum(stage.parameters for stage in stages_of(info))
    except BackboneError:
        return info.parameters


HELP = {
    "Parameters": "How many numbers the backbone has learned. Its published last layer, which yours replaces, is not "
    "among them; the list below counts it too, as the libraries do.",
    "GFLOPs": "Billions of multiply-adds for one image: how much work it is.",
    "Top-1": "Share of ImageNet's validation images it names right. A dash: its library does not say.",
    "Input": "Width and height of the images it sees; yours are brought to this size.",
    "Weights": "Where its learned numbers come from.",
}


def _facts(info: BackboneInfo) -> None:
    with st.container(horizontal=True, gap="medium"):
        for label, value in facts(info).items():
            st.metric(label, value, help=HELP.get(label), width="content")
    licence = f"Licence of the weights: {literal(info.licence, 120)}." if info.licence else ""
    st.caption(licence or "The library states no licence for these weights.")


def _weights(info: BackboneInfo) -> None:
    chosen = state.choices()
    if chosen.weights_file:
        _own(info, Path(chosen.weights_file))
    else:
        offer(info)
    with st.expander("Use your own weights file", icon=":material/upload_file:"):
        _upload(info)


def _own(info: BackboneInfo, path: Path) -> None:
    try:
        match = suits(info, state.workspace(), path)
    except BackboneError as error:
        show_error(error)
    else:
        said = st.success if not (match.missing or match.wrong_shape) else st.warning
        said(f"Weights from your file {literal(path.name, 80)}: {match}")
        if match.missing or match.wrong_shape:
            st.caption("What did not match keeps random numbers and has to be learned: do not freeze its stages.")
        _tensors(match)
    if st.button("Use the published weights instead", icon=":material/undo:"):
        state.choose(backbone=info.name)
        st.rerun()


def _tensors(match: Match) -> None:
    kinds = {
        "Matched": match.matched,
        "Missing from the file": match.missing,
        "Another shape": match.wrong_shape,
        "In the file, not used": match.unexpected,
    }
    with st.expander("Which tensors matched", icon=":material/checklist:"):
        for title, names in kinds.items():
            if names:
                more = [f"… and {len(names) - LISTED} more"] if len(names) > LISTED else []
                st.markdown(f"{title}: {len(names)}")
                st.code("\n".join([*(clip(name, 120) for name in names[:LISTED]), *more]), language=None, height=140)


def _upload(info: BackboneInfo) -> None:
    st.markdown(
        "A `.safetensors` file, or a `.pth` file with nothing but tensors in it, saved from this same network. "
        "Nothing in the file is executed."
    )
    taken = st.session_state.get(_TAKEN, 0)
    file = st.file_uploader("Weights file", type=list(ENDINGS), key=f"own_{info.name}_{taken}")
    if file is not None and st.button("Use this file", icon=":material/check:"):
        with errors_shown(), st.spinner("Reading the weights"):
            path = keep_file(state.workspace(), file.name, file, partial(suits, info, state.workspace()))
            st.session_state[_TAKEN] = taken + 1  # an empty uploader
            forget_upload(file)
            _use(info, path)
    given_before(info, partial(_use, info))


def _use(info: BackboneInfo, path: Path) -> None:
    """
    Raises:
        BackboneError: the file does not fit.
    """
    with st.spinner("Reading the weights"):
        suits(info, state.workspace(), path)
    state.choose(backbone=info.name, weights_file=str(path))
    st.rerun()
