"""What was found in the pictures that someone gave."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Kind = Literal[
    "left out",
    "link",
    "duplicate",
    "contradiction",
    "one image",
    "few images",
    "no class",
    "similar names",
    "no training",
    "no validation",
]


class Finding(BaseModel):
    """title: what it is, a sentence. why: why it matters and what to do. files: all of them, as they were named."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    title: str
    why: str
    files: list[str] = []


class Sizes(BaseModel):
    """In pixels: smallest, median and largest, of widths and of heights."""

    model_config = ConfigDict(frozen=True)

    width: tuple[int, int, int]
    height: tuple[int, int, int]


class Report(BaseModel):
    """images: how many are used. classes: how many images each has. splits: how many images train, validation and test
    have. ignored: files of the system, such as thumbnails' indexes, that nobody misses."""

    model_config = ConfigDict(frozen=True)

    name: str
    images: int
    bytes: int
    classes: dict[str, int]
    splits: dict[str, int]
    sizes: Sizes
    findings: list[Finding] = []
    ignored: int = 0
