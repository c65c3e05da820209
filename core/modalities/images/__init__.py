"""An image in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from core.finding import Finding
from core.modalities.images.findings import mended, odd, shown
from core.modalities.images.near_duplicates import find_twins
from core.modalities.images.preprocessing import Preprocessing, Rendering, decode, normalize, shrink, square
from core.modalities.images.thumbnails import tile
from core.modalities.protocol import Modality

if TYPE_CHECKING:
    import pandas as pd
    import torch
    from PIL.Image import Image

    from core.modalities.examples import Examples
    from core.modalities.inputs import Inputs


class Sizes(BaseModel):
    """In pixels: smallest, median and largest, of widths and of heights."""

    model_config = ConfigDict(frozen=True)

    width: tuple[int, int, int]
    height: tuple[int, int, int]


@dataclass(frozen=True)
class Seen:
    """An image that somebody asks about. pixels: uint8 (size, size, 3), as the network sees it. size: its own width and
    height, as it was decoded, for answers that are places in it."""

    pixels: np.ndarray
    size: tuple[int, int]
    settings: Preprocessing


class Images(Modality):
    name = "image"
    noun = "image"
    folder = "images"
    # Where it lies below images/, its size upright in pixels and in bytes, how much there is to see in it, and what is
    # mended whenever it is read.
    columns = {
        "image": "str",
        "width": "int64",
        "height": "int64",
        "bytes": "int64",
        "contrast": "float32",
        "mended": "str",
    }
    formerly = {"contrast": 99.0, "mended": ""}
    comes_from = "file"
    adjusted_by = ("fit", "resolution", "augmentation", "views", "mixup", "cutmix")

    def keep(self, folder: Path, frame: pd.DataFrame) -> pd.DataFrame:
        """Of the files that were taken in, those that no row names go."""
        used = set(frame["image"])
        for path in (folder / self.folder).glob("*/*"):
            if path.relative_to(folder / self.folder).as_posix() not in used:
                path.unlink()
        return frame

    def content(self, frame: pd.DataFrame) -> pd.Series:
        return frame["image"].str[3:67]  # by which its file is called

    def twins(self, frame: pd.DataFrame, looks: np.ndarray) -> np.ndarray:
        return find_twins(frame, looks)

    def noticed(self, frame: pd.DataFrame, rendering: Rendering) -> Iterator[Finding]:
        yield from mended(frame)
        yield from shown(frame, rendering)

    def misfit(self, frame: pd.DataFrame) -> str:
        if frame["image"].str.fullmatch(r"[0-9a-f]{2}/[0-9a-f]{64}\.[a-z0-9]+").all():
            return ""
        return "it names images that are not the dataset's"

    def findings(self, frame: pd.DataFrame) -> Iterator[Finding]:
        return odd(frame)

    def summary(self, frame: pd.DataFrame) -> dict[str, Any]:
        sizes = Sizes(width=_spread(frame["width"]), height=_spread(frame["height"]))
        return {"bytes": int(frame["bytes"].sum()), "sizes": sizes}

    def size(self, frame: pd.DataFrame) -> pd.Series:
        return frame["width"] * frame["height"]

    def measured(self, frame: pd.DataFrame) -> dict[str, pd.Series]:
        wide, high = frame["width"], frame["height"]
        shape = wide.gt(high).map({True: "wide", False: "square"}).mask(wide < high, "tall")
        return {"size in pixels": (wide * high).pow(0.5).round(), "shape": shape, "contrast": frame["contrast"]}

    def tiles(
        self, frame: pd.DataFrame, path: Callable[[str], Path], rendering: Rendering, side: int
    ) -> Iterator[Image | None]:
        with ThreadPoolExecutor(4) as pool:
            yield from pool.map(partial(tile, side=side, rendering=rendering), map(path, frame["image"]))

    def stored(self, frame: pd.DataFrame, path: Callable[[str], Path]) -> list[Path]:
        return [path(image) for image in frame["image"]]

    def examples(self, *given: Any, **settings: Any) -> Examples:
        from core.modalities.images.examples import image_examples

        return image_examples(*given, **settings)

    def fitted(self, info: Any, dataset: Any, asked: Mapping[str, Any] | None = None) -> Any:
        asked = asked or {}
        return info.fitted(asked.get("fit", "crop"), asked.get("resolution"), dataset.rendering)

    def settings(self, said: Any) -> Preprocessing:
        return Preprocessing.model_validate(said)

    def read(self, given: Any, settings: Preprocessing) -> Seen:
        """given: a path, bytes, or an open file."""
        image = decode(given, settings.resize, settings.rendering)
        return Seen(square(shrink(image, settings), settings), image.size, settings)

    def collate(self, read: Sequence[Seen], settings: Preprocessing, device: torch.device) -> Inputs:
        import torch

        return {"pixels": normalize(torch.from_numpy(np.stack([each.pixels for each in read])).to(device), settings)}


def _spread(values: pd.Series) -> tuple[int, int, int]:
    return int(values.min()), int(values.median()), int(values.max())


IMAGE = Images()
