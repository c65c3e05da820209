"""What was found in the images that someone gave."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from core.finding import Finding
from core.modalities.images import Sizes
from core.modalities.texts import Lengths
from core.tasks.regression import Numbers

Kind = Literal[
    # At import: files that did not become images of the dataset, or not as they were.
    "fetched",
    "left out",
    "repeated",
    "no class",
    "no label",
    "several labels",
    "missing",
    "outside",
    "twice",
    "unused",
    "guess",
    "boxes",
    "letters",
    "loosely",
    "commas",
    "empty class",
    "mended",
    "values",
    "ground",
    "pages",
    "entities",
    # Of a version: what could spoil the training.
    "duplicate",
    "contradiction",
    "leak",
    "group",
    "one colour",
    "odd size",
    "one image",
    "few images",
    "imbalance",
    "similar names",
    "no training",
    "no validation",
    "far out",
    # Of texts alone.
    "mojibake",
    "tell-tale",
    "markup",
    "personal",
    "hidden",
    "unbroken",
    "script",
    "one number",
    "no entities",
]
SHOWN_SO: frozenset[Kind] = frozenset({"mended", "values", "ground", "fetched"})  # how, and from where
LEFT_OUT: frozenset[Kind] = frozenset({"left out", "repeated", "no class", "no label", "several labels"})


class Report(BaseModel):
    """images: how many examples are used; example: what one is called. bytes, sizes: of images. lengths: of texts.
    classes: how many examples each has, be they classes or labels; unlabelled: how many have none of the labels, None
    where there are classes or numbers. splits: how many train, validation and test have. files: how many the source
    held, and rows: each is an example, a table, in a finding of `LEFT_OUT`, or ignored (files of the system, such as
    thumbnails' indexes, that nobody misses). tables: those that said the answers, or held the examples."""

    model_config = ConfigDict(frozen=True)

    name: str
    images: int
    example: str = "image"
    bytes: int = 0
    classes: dict[str, int] = {}
    unlabelled: int | None = None
    numbers: Numbers | None = None
    splits: dict[str, int]
    sizes: Sizes | None = None
    lengths: Lengths | None = None
    findings: list[Finding] = []
    files: int = 0
    tables: list[str] = []
    ignored: int = 0


class Intaken(BaseModel):
    """What the import found once and for all, whatever later versions change."""

    model_config = ConfigDict(frozen=True)

    findings: list[Finding] = []
    files: int = 0
    tables: list[str] = []
    ignored: int = 0
