"""What tells an image that is unlike anything that a network was trained on: how far its features are from the nearest
of those of the labeled images.

    bundle/reference.safetensors    the features of labeled images, of unit length, in half precision; and which images
                                    of the dataset these are, by the digests of their content
    bundle/bundle.json              "caution": {"threshold": cosine, "false_alarms": share, "images": how many}

A bundle without them, as they once were, gives no caution.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import safetensors.torch
import torch
from torch.nn.functional import normalize

from core.workspace import atomic_open, write_json

FILE = "reference.safetensors"
FALSE_ALARMS = 0.05  # of images of the same kind
BLOCK = 1024  # images compared at a time
MOST = 5000  # labeled images that are kept


@dataclass(frozen=True)
class Caution:
    """threshold: an image whose nearest labeled one has a smaller cosine is foreign. false_alarms: the share of labeled
    images that is. images: that were compared."""

    threshold: float
    false_alarms: float
    images: int


class Reference:
    """The labeled images, to be compared with."""

    def __init__(
        self, features: torch.Tensor, threshold: float, digests: Sequence[str] | None = None, refitted: bool = False
    ) -> None:
        """features: (N, F), of unit length. digests: of the content of each, as in the dataset's `sha256`; None where a
        bundle of an earlier version did not keep them. refitted: whether the model has learned from the validation part
        too."""
        self.features, self.threshold, self.digests, self.refitted = features, threshold, digests, refitted

    def alike(self, features: torch.Tensor) -> torch.Tensor:
        """The cosine of each image, features (B, F) or more in front of others, to each labeled one: (B, N)."""
        mine = normalize(features[:, : self.features.shape[1]].float().to(self.features.device), dim=1)
        return mine @ self.features.T

    def nearest(self, features: torch.Tensor) -> list[float]:
        """Of each image, features (B, F) or more in front of others: the cosine to the most similar labeled one."""
        nearest: list[float] = self.alike(features).amax(dim=1).tolist()
        return nearest


def read_reference(bundle: Path, said: dict[str, Any], device: torch.device) -> Reference | None:
    """said: what is in bundle.json. What is missing or damaged gives no caution."""
    try:
        threshold = float(said["caution"]["threshold"])
        tensors = safetensors.torch.load_file(bundle / FILE)
        features = tensors["features"].float().to(device)
        kept = tensors.get("digests")
        digests = None if kept is None or len(kept) != len(features) else [bytes(each).hex() for each in kept.numpy()]
    except (OSError, ValueError, KeyError, TypeError, OverflowError, safetensors.SafetensorError):
        return None
    fits = features.ndim == 2 and len(features) and math.isfinite(threshold)
    return Reference(features, threshold, digests, bool(said.get("refitted"))) if fits else None


def write_reference(bundle: Path, features: torch.Tensor, caution: Caution, digests: Sequence[str]) -> None:
    """Beside a bundle that is complete without. features: (N, F), of unit length. digests: sha256 of each one's
    content, hexadecimal."""
    kept = np.frombuffer(b"".join(map(bytes.fromhex, digests)), np.uint8).reshape(len(features), -1).copy()
    tensors = {"features": features.half().contiguous(), "digests": torch.from_numpy(kept)}
    with atomic_open(bundle / FILE, "wb") as file:
        file.write(safetensors.torch.save(tensors))
    said = json.loads((bundle / "bundle.json").read_text(encoding="utf-8"))
    write_json(bundle / "bundle.json", {**said, "caution": asdict(caution)})


def drawn(frame: pd.DataFrame, even_by: str) -> pd.DataFrame:
    """Labeled images, but for those of the test part: all, or where they are many, as many as may be of each value
    of a column, such as each class."""
    rows = frame[frame["split"] != "test"]
    if len(rows) <= MOST:
        return rows.reset_index(drop=True)
    mixed = rows.sample(frac=1.0, random_state=0)
    turn = mixed.groupby(even_by).cumcount() if even_by else pd.Series(range(len(mixed)), index=mixed.index)
    return rows.loc[np.sort(turn.sort_values(kind="stable").index[:MOST])].reset_index(drop=True)


def caution_of(features: torch.Tensor, apart: np.ndarray, judged: np.ndarray) -> Caution | None:
    """The threshold with the stated share of false alarms, if it can be told.

    features: (N, F), of unit length. apart: (N,), which are no more than copies of each other, above 0: they are not
        compared. judged: (N,), whether an image counts.
    """
    nearest = nearest_other(features, apart)[judged]
    nearest = nearest[nearest > -1]
    if not len(nearest):
        return None
    return Caution(float(np.quantile(nearest, FALSE_ALARMS)), FALSE_ALARMS, len(features))


def nearest_other(features: torch.Tensor, apart: np.ndarray) -> np.ndarray:
    """Of each image the cosine to the most similar other one, (N,); -1 where there is none to compare with."""
    found, same = [], torch.tensor(apart)
    for first in range(0, len(features), BLOCK):
        block = slice(first, first + BLOCK)
        alike = features[block] @ features.T
        alike[(same[block, None] == same) & (same > 0)] = -1
        alike[range(len(alike)), range(first, first + len(alike))] = -1
        found.append(alike.amax(dim=1).numpy())
    return np.concatenate(found) if found else np.empty(0, np.float32)
