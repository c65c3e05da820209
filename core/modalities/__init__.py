"""What an example is: an image, a text. A modality is a folder in here, and one line in `MODALITIES`."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from core.modalities.images import IMAGE
from core.modalities.protocol import Modality
from core.modalities.texts import TEXT

MODALITIES: dict[str, Modality] = {one.name: one for one in (IMAGE, TEXT)}


def _known(name: str) -> str:
    if name not in MODALITIES:
        raise ValueError(f"there is no kind of example {name!r}, but {', '.join(MODALITIES)}")
    return name


ModalityName = Annotated[str, AfterValidator(_known)]
