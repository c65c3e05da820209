"""The picture of a network, stage by stage: name, layers, parameters, output shape, and a padlock where stages freeze.

One row a stage, from the picture that comes in to the answer that goes out, so that it reads the same with 5 stages or
40 and at any width. The bar compares the stages by their parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from core.backbones.kept_stages import Stage
from ui.components import source
from ui.widgets import clip, count, short_number

_picture = st.components.v2.component("graft_network", css=source("network.css"), js=source("network.js"))


def network_picture(
    stages: Sequence[Stage],
    *,
    input_size: int,
    key: str,
    freeze: int | None = None,
    head: str | None = None,
    head_parameters: int | None = None,
    on_freeze: Callable[[int], None] | None = None,
    disabled: bool = False,
) -> None:
    """Draw the network.

    freeze: how many stages are frozen; None draws no padlocks. head: what stands at the end, in words; None draws none.
    on_freeze: called with the new number of frozen stages when a padlock is clicked, before the page reruns.
    """

    def clicked() -> None:
        new = st.session_state[key].get("freeze")
        if on_freeze is not None and isinstance(new, int) and 0 <= new <= len(stages):
            on_freeze(new)

    data = {
        "rows": _rows(stages, input_size, freeze or 0, head, head_parameters),
        "freeze": freeze or 0,
        "locks": freeze is not None,
        "disabled": disabled or on_freeze is None,
        # Read in the browser, so a change of theme needs no rerun.
        "colours": {
            "trainable": "var(--st-link-color)",
            "frozen": "color-mix(in srgb, var(--st-text-color) 50%, var(--st-background-color))",
            "muted": "color-mix(in srgb, var(--st-text-color) 68%, var(--st-background-color))",
        },
    }
    _picture(key=key, data=data, on_freeze_change=clicked)


def _rows(
    stages: Sequence[Stage], input_size: int, freeze: int, head: str | None, head_parameters: int | None
) -> list[dict[str, object]]:
    most = max([1, head_parameters or 0, *(stage.parameters for stage in stages)])
    rows = [_row("edge", "Picture", None, None, f"3 × {input_size} × {input_size}")]
    for index, stage in enumerate(stages):
        shape = " × ".join(str(size) for size in stage.output_shape)
        row = _row("stage", clip(stage.name, 80), stage.layers, stage.parameters, shape)
        rows.append(row | {"share": stage.parameters / most, "frozen": index < freeze})
    if head is not None:
        row = _row("head", clip(head, 80), None, head_parameters, "")
        rows.append(row | {"share": (head_parameters or 0) / most})
    return rows


def _row(kind: str, name: str, layers: int | None, parameters: int | None, shape: str) -> dict[str, object]:
    small = [shape] if shape else []
    if layers is not None:
        small.append(count(layers, "layer"))
    return {
        "kind": kind,
        "name": name,
        "layers": "" if layers is None else f"{layers:,}",
        "parameters": "" if parameters is None else short_number(parameters),
        "shape": shape,
        "small": ", ".join(small),
        "share": None,
        "frozen": False,
    }
