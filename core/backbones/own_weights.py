"""Whether a weights file that somebody gave suits a backbone: asked before it is kept, chosen or trained with."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from core.backbones.catalogue import BackboneInfo, find
from core.backbones.weights import Match
from core.errors import BackboneError
from core.workspace import Workspace

LARGEST_FEATURE = 1e6  # of images that are noise; published backbones stay below 1,000


def suits(info: BackboneInfo, workspace: Workspace, path: Path) -> Match:
    """What of the file fits. The backbone looks at two images with it; asked again of the same file, it is known.

    Raises:
        BackboneError: the file cannot be read, does not fit, or the backbone cannot see with it.
    """
    try:
        said = path.stat()
    except OSError:
        raise BackboneError(f"The weights file {path.name} is not there any more. Choose it again.") from None
    return _tried(info.name, workspace.root, path, said.st_size, said.st_mtime_ns)


@lru_cache(maxsize=32)
def _tried(name: str, root: Path, path: Path, size: int, when: int) -> Match:
    import torch

    from core.backbones.model import build

    info = find(name)
    backbone = build(info, Workspace.at(root), weights_file=path).eval()
    side = info.preprocessing.size
    with torch.inference_mode():
        images = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))
        features = backbone({"pixels": images}).pooled
    if not features.abs().amax() < LARGEST_FEATURE:  # which no NaN is
        raise BackboneError(
            f"{path.name} cannot be used: with it, {info.name} gives infinite or absurd values, or none (NaN), for an "
            "image. Its training went wrong, or it was made for another network."
        )
    if torch.equal(features[0], features[1]):
        raise BackboneError(
            f"{path.name} cannot be used: with it, {info.name} gives the same for any image. Its numbers are all "
            "alike, or it was made for another network."
        )
    assert backbone.match is not None
    return backbone.match
