"""Which backbones there are: the bundled one, torchvision's classification models, timm's pretrained models."""

from __future__ import annotations

import difflib
import json
from functools import cache
from pathlib import Path
from typing import Any

from core.backbones.info import BackboneInfo
from core.backbones.registries import bundled, timm_models, torchvision_models
from core.errors import BackboneError
from core.modalities.images.preprocessing import Preprocessing

__all__ = ["BUNDLED", "DATA", "BackboneInfo", "catalogue", "find"]

BUNDLED = "efficientnet_lite0"
DATA = Path(__file__).with_name("catalogue.json")  # written by core.backbones.measure


@cache
def catalogue() -> tuple[BackboneInfo, ...]:
    """Every backbone, the bundled one first. Takes no network."""
    if not DATA.exists():
        return (*bundled(), *torchvision_models(), *timm_models())
    rows = json.loads(DATA.read_text(encoding="utf-8"))["backbones"]
    kept: dict[str, Preprocessing] = {}
    return tuple(BackboneInfo(*(*row, _preprocessing(settings, kept))) for *row, settings in rows)


def _preprocessing(settings: list[Any], kept: dict[str, Preprocessing]) -> Preprocessing:
    """Most backbones share a few settings, so each is checked once."""
    key = json.dumps(settings)
    if key not in kept:
        kept[key] = Preprocessing(**dict(zip(Preprocessing.model_fields, settings)))
    return kept[key]


@cache
def _by_name() -> dict[str, BackboneInfo]:
    return {info.name: info for info in catalogue()}


@cache
def _by_short_name() -> dict[str, BackboneInfo]:
    """Every way to shorten a name, and what it stands for: "resnet50", "torchvision/resnet50", "resnet50.a1_in1k".

    The first in the catalogue is meant, where an architecture's default weights come first.
    """
    meanings: dict[str, BackboneInfo] = {}
    for info in catalogue():
        if info.library == "bundled" and info.name != BUNDLED:  # those names meant others before these came
            continue
        for short in (f"{info.architecture}.{info.tag}", info.architecture, f"{info.library}/{info.architecture}"):
            meanings.setdefault(short.lower(), info)
    return meanings


def find(name: str) -> BackboneInfo:
    """The backbone called `name`. Without library and tag, torchvision is meant before timm, with the default tag.

    Raises:
        BackboneError: there is none.
    """
    if name in _by_name():
        return _by_name()[name]
    if name.lower() in _by_short_name():
        return _by_short_name()[name.lower()]
    near = difflib.get_close_matches(name, [*_by_name(), *_by_short_name()], n=3, cutoff=0.6)
    hint = f"Did you mean {' or '.join(near)}?" if near else "The Backbone page, or the command `backbones`, lists all."
    raise BackboneError(f"There is no backbone called {name[:80]!r}. {hint}")
