"""The image of a network: its early, middle and late stages with what they see, a padlock where they freeze, and on a
click every stage with its name, layers, parameters and output shape.

One row each, from the image that comes in to the answer that goes out, so that it reads the same with 5 stages or 40
and at any width. The bar compares them by their parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from core.backbones.kept_stages import Stage
from core.modalities import IMAGE, MODALITIES
from ui.components import component
from ui.shared.widgets import clip, count, short_number

_image = component(__file__, "network")


PARTS = (
    ("Early", "edges, colours and simple textures"),
    ("Middle", "textures and parts of things"),
    ("Late", "parts and whole things"),
)
PARTS_OF_TEXTS = (
    ("Early", "words, and what stands beside them"),
    ("Middle", "how words belong together"),
    ("Late", "what is meant"),
)
Rows = list[dict[str, object]]


def network_diagram(
    stages: Sequence[Stage],
    *,
    given: str,
    key: str,
    freeze: int | None = None,
    head: str | None = None,
    head_parameters: int | None = None,
    on_freeze: Callable[[int], None] | None = None,
    disabled: bool = False,
    adapters: Sequence[int] | None = None,
) -> None:
    """Draw the network: what its early, middle and late stages see, and on a click every stage as its library has it.

    given: what goes in, see `given_to`.
    freeze: how many stages are frozen; None draws no padlocks. head: what stands at the end, in words; None draws none.
    adapters: of each stage, how many numbers of adapters learn in it, while it is not frozen, in place of its own.
    on_freeze: called with the new number of frozen stages when a padlock is clicked, before the page reruns.
    """
    ends, frozen = _ends(len(stages)), freeze or 0

    def freeze_parts(number: int) -> None:
        if on_freeze is not None:
            on_freeze([0, *ends][number])

    rows = _folded(stages, given, frozen, head, head_parameters, adapters)
    whole = sum(end <= frozen for end in ends)
    locks = freeze is not None
    _draw(rows, f"{key}_parts", whole, locks, len(ends), on_freeze and freeze_parts, disabled, plain=True)
    box = st.expander("Every stage: names, layers, shapes", key=f"{key}_all", on_change="rerun")
    if box.open:
        with box:
            rows = _rows(stages, given, frozen, head, head_parameters, adapters)
            _draw(rows, key, frozen, locks, len(stages), on_freeze, disabled)


def _draw(
    rows: Rows,
    key: str,
    freeze: int,
    locks: bool,
    most: int,
    on_freeze: Callable[[int], None] | None,
    disabled: bool,
    plain: bool = False,
) -> None:
    """plain: without layers and shapes. most: how many rows have padlocks."""

    def clicked() -> None:
        new = st.session_state[key].get("freeze")
        if on_freeze is not None and isinstance(new, int) and 0 <= new <= most:
            on_freeze(new)

    data = {
        "rows": rows,
        "freeze": freeze,
        "locks": locks,
        "words": plain,
        "disabled": disabled or on_freeze is None,
        # Read in the browser, so a change of theme needs no rerun.
        "colours": {
            "trainable": "var(--st-link-color)",
            "frozen": "color-mix(in srgb, var(--st-text-color) 50%, var(--st-background-color))",
            "muted": "color-mix(in srgb, var(--st-text-color) 68%, var(--st-background-color))",
        },
    }
    _image(key=key, data=data, on_freeze_change=clicked)


def _ends(stages: int) -> list[int]:
    """Up to which stage each part goes: three of about the same length, or as many as there are stages."""
    parts = min(len(PARTS), stages)
    return [round((number + 1) * stages / parts) for number in range(parts)]


def given_to(info: Any) -> str:
    """What goes into a backbone: `Image, 3 × 224 × 224` or `Text, 128 tokens`."""
    how = info.preprocessing
    if info.modality == IMAGE.name:
        return f"Image, 3 × {how.size} × {how.size}"
    return f"{MODALITIES[info.modality].noun.capitalize()}, {count(how.longest, 'token')} at most"


def _folded(
    stages: Sequence[Stage],
    given: str,
    freeze: int,
    head: str | None,
    head_parameters: int | None,
    adapters: Sequence[int] | None = None,
) -> Rows:
    ends = _ends(len(stages))
    groups = [stages[begin:end] for begin, end in zip([0, *ends], ends)]
    sizes = [sum(stage.parameters for stage in group) for group in groups]
    most, rows = max([1, head_parameters or 0, *sizes]), []
    for (name, sees), begin, end, size in zip(_parts(given), [0, *ends], ends, sizes):
        which = f"stages {begin + 1} to {end}" if end - begin > 1 else f"stage {end}"
        partly = f", {freeze - begin} of them frozen" if begin < freeze < end else ""
        row = _row("stage", f"{name} stages", None, size, "")
        row |= {"small": f"{sees} ({which}{partly})", "share": size / most, "frozen": end <= freeze}
        rows.append(row | _adapted(adapters, max(begin, freeze), end, size))
    if head is not None:
        row = _row("head", clip(head, 80), None, head_parameters, "") | {"small": "the new layer that learns"}
        rows.append(row | {"share": (head_parameters or 0) / most})
    return rows


def _parts(given: str) -> tuple[tuple[str, str], ...]:
    return PARTS if given.startswith("Image") else PARTS_OF_TEXTS


def _adapted(adapters: Sequence[int] | None, begin: int, end: int, size: int) -> dict[str, object]:
    """What a row says of the adapters in these stages, which have so many parameters of their own."""
    if adapters is None or begin >= end:
        return {}
    learning = sum(adapters[begin:end])
    if not learning:
        return {"adapters": "nothing to learn", "learns": 0.0}
    return {"adapters": f"adapters learn {short_number(learning)} numbers", "learns": min(1.0, learning / max(1, size))}


def _rows(
    stages: Sequence[Stage],
    given: str,
    freeze: int,
    head: str | None,
    head_parameters: int | None,
    adapters: Sequence[int] | None = None,
) -> Rows:
    most = max([1, head_parameters or 0, *(stage.parameters for stage in stages)])
    what, _, shape = given.partition(", ")
    rows = [_row("edge", what, None, None, shape)]
    for index, stage in enumerate(stages):
        shape = " × ".join(str(size) for size in stage.output_shape)
        row = _row("stage", clip(stage.name, 80), stage.layers, stage.parameters, shape)
        row |= {"share": stage.parameters / most, "frozen": index < freeze}
        rows.append(row | _adapted(adapters, max(index, freeze), index + 1, stage.parameters))
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
        "adapters": "",
        "learns": 1.0,
    }
