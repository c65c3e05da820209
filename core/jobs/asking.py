"""A job asks: an import that could be read in several ways waits for a person to say which.

<workspace>/jobs/<id>/question.json   written by the process: the ways, and a preview of each
                      answer.json     written by a page: which one
"""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from core.errors import DataError
from core.importing.tables.reading import Question, Reading
from core.modalities import IMAGE
from core.modalities.images.thumbnails import thumbnails
from core.workspace import write_json

SECONDS_BETWEEN_LOOKS = 0.1
SECONDS_TO_ANSWER = 3600
SECONDS_FOR_THUMBNAILS = 10.0


class Way(BaseModel):
    """One way to read it. counts: how many examples each answer has. examples: of some answers, small JPEGs as base64,
    or texts."""

    model_config = ConfigDict(frozen=True)

    title: str
    counts: dict[str, int]
    examples: dict[str, list[str]]


class Asked(BaseModel):
    """What a job asks. ways: the first is the likeliest. splits: how the split may be read, and what that is called.
    modality: what the examples are."""

    model_config = ConfigDict(frozen=True)

    why: str
    ways: list[Way] = Field(min_length=1)
    splits: dict[str, str]
    modality: str = IMAGE.name


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True)

    way: int = Field(ge=0)
    split: str = ""


def question(directory: Path) -> Asked | None:
    """What the job in this directory asks, if nobody has answered yet."""
    if (directory / "answer.json").exists():
        return None
    try:
        return Asked.model_validate_json((directory / "question.json").read_bytes())
    except (OSError, ValidationError, RecursionError):
        return None


def answer(directory: Path, way: int, split: str = "") -> None:
    """Say which; whoever is first counts."""
    if not (directory / "answer.json").exists():
        write_json(directory / "answer.json", Answer(way=way, split=split).model_dump())


def ask(directory: Path, images: Path, places: Mapping[str, str], asked: Question) -> Reading:
    """In the job's process: ask, and wait for the answer.

    images: the folder of the images. places: where each lies in it, by its name.

    Raises:
        DataError: nobody answered for an hour.
    """
    names = list(dict.fromkeys(name for one in asked.options for some in one.examples.values() for name in some))
    shown = {name: name for name in names}
    if asked.modality == IMAGE.name:
        small = thumbnails([images / places[name] for name in names], SECONDS_FOR_THUMBNAILS)
        shown = {name: base64.b64encode(image).decode() for name, image in zip(names, small) if image}
    ways = [
        Way(
            title=one.title,
            counts=one.counts,
            examples={said: [shown[name] for name in some if name in shown] for said, some in one.examples.items()},
        )
        for one in asked.options
    ]
    write_json(
        directory / "question.json",
        Asked(why=asked.why, ways=ways, splits=asked.splits, modality=asked.modality).model_dump(),
    )
    waited = time.monotonic()
    while time.monotonic() - waited < SECONDS_TO_ANSWER:
        if (found := _answered(directory)) is not None and found.way < len(asked.options):
            reading = asked.options[found.way].reading
            return replace(reading, split=found.split) if found.split in asked.splits and found.split else reading
        time.sleep(SECONDS_BETWEEN_LOOKS)
    raise DataError("Nobody said for an hour how it is to be read, so nothing of it was kept. Import it again.")


def _answered(directory: Path) -> Answer | None:
    try:
        return Answer.model_validate_json((directory / "answer.json").read_bytes())
    except (OSError, ValidationError, RecursionError):
        return None


_READING = TypeAdapter(Reading)


def said(reading: Reading | None) -> str | None:
    """A reading as a job's argument."""
    return None if reading is None or reading == Reading() else _READING.dump_json(reading).decode()


def read(said: str) -> Reading:
    """The reading that `said` wrote."""
    return _READING.validate_json(said)
