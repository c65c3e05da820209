"""Which backbones there are: the bundled one, torchvision's classification models, timm's pretrained models."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from core.errors import BackboneError
from core.modalities.images.preprocessing import PLAIN, Fit, Preprocessing, Rendering

BUNDLED = "efficientnet_lite0"
DATA = Path(__file__).with_name("catalogue.json")  # written by core.backbones.measure


@dataclass(frozen=True)
class BackboneInfo:
    """What is known about one backbone and one set of its weights. None: the library does not say.

    Attributes:
        name: "efficientnet_lite0" (bundled), "torchvision/resnet50.IMAGENET1K_V2", "timm/resnet50.a1_in1k".
        library: "bundled", "torchvision" or "timm".
        parameters: Of the whole published network, its last layer included.
        input_size: That it was published for; the one it is used with is in `preprocessing`, see `fitted`.
        gflops: Multiply-adds in 1e9 for one image of `input_size`, as torchvision counts them.
        top1: Accuracy on ImageNet-1K in percent, as the library states it.
        licence: Of the weights, in the library's words.
        url: Where the weights are downloaded from; None if they come from the hub.
        hub: The repository of the weights on the Hugging Face hub.
    """

    name: str
    library: str
    architecture: str
    tag: str
    family: str
    parameters: int | None
    gflops: float | None
    top1: float | None
    input_size: int
    download_bytes: int | None
    licence: str | None
    url: str | None
    hub: str | None
    preprocessing: Preprocessing

    def fitted(self, fit: Fit = "crop", resolution: int | None = None, rendering: Rendering = PLAIN) -> BackboneInfo:
        """The same backbone for images of another size in pixels, or brought to it in another way.

        resolution: None for its own size. rendering: of the dataset that it is used on.
        """
        own = self.preprocessing
        size = resolution or self.input_size
        resize = round(own.resize * size / own.size)
        return replace(
            self,
            preprocessing=own.model_copy(update={"size": size, "resize": resize, "fit": fit, "rendering": rendering}),
        )

    @property
    def builder(self) -> str:
        """The library that has its network: "torchvision" or "timm"."""
        if self.library == "bundled":
            return "timm" if self.architecture.startswith("tf_") else "torchvision"
        return self.library

    @property
    def said(self) -> str:
        """Its name, with the size of images and their fit where they are not its own."""
        how = self.preprocessing
        parts = [f" at {how.size}" if how.size != self.input_size else "", f" {how.fit}" if how.fit != "crop" else ""]
        return self.name + "".join(parts)


@cache
def catalogue() -> tuple[BackboneInfo, ...]:
    """Every backbone, the bundled one first. Takes no network."""
    if not DATA.exists():
        from core.backbones.registries import bundled, timm_models, torchvision_models

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
