"""Something that was found in what somebody gave, in words."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Finding(BaseModel):
    """kind: by which pages know what to offer; see `core.data.report.Kind`. title: what it is, a sentence. why: why it
    matters and what to do. files: all of them, as they were named.

    groups: the files that belong together, where that matters (the copies of one image). labels: the classes that it
    is about, where no file tells them (those without an image).
    """

    model_config = ConfigDict(frozen=True)

    kind: str
    title: str
    why: str
    files: list[str] = []
    groups: list[list[str]] = []
    labels: list[str] = []
