"""Which backbone looks at a dataset: one for images sees no texts."""

from __future__ import annotations

from collections.abc import Iterator

from core.backbones import libraries
from core.backbones.catalogue import BUNDLED
from core.errors import BackboneError
from core.modalities import Modality
from core.workspace import Workspace


def seeing(backbone: str, modality: Modality, workspace: Workspace | None = None) -> str:
    """The name of this backbone if it is one for such examples, else of the first that is; "" if none is."""
    if sees(backbone, modality, workspace):
        return backbone
    return next((name for name in _known() if sees(name, modality)), "")


def sees(backbone: str, modality: Modality, workspace: Workspace | None = None) -> bool:
    """Whether it wants its examples in a way that makes sense to the modality."""
    try:
        modality.settings(libraries.find(backbone, workspace).preprocessing)
    except (BackboneError, ValueError):
        return False
    return True


def _known() -> Iterator[str]:
    for library in libraries.LIBRARIES.values():
        yield from (info.name for info in library.infos())
    yield BUNDLED
