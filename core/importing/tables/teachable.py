"""Projects of Teachable Machine, whose `manifest.json` names classes and their files."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator

from core.importing.tables.cells import PROJECT
from core.importing.tables.matching import EXACT, Matcher

MOST_PROJECT = 16 * 10**6  # bytes of a project's manifest: JSON becomes many times as much


def from_project(name: str, data: bytes, images: Collection[str]) -> dict[str, str]:
    """The class of each image of a Teachable Machine project, whose `manifest.json` this is. {} if it tells none.

    It saves the images of a class beside the manifest, as `class-!-0.jpg` and so on. What comes out of other programs
    under that name has no common form, so any object with a name and a list of files, at any depth, is believed.
    """
    below = name.removesuffix(PROJECT)
    inside = {image: image.removeprefix(below) for image in images if image.startswith(below)}
    labels = {image: match[1] for image, path in inside.items() if (match := _SAVED.fullmatch(path))}
    if labels:
        return labels
    if len(data) > MOST_PROJECT:
        return {}
    try:
        return dict(_project_labels(json.loads(data), Matcher(images)))
    except (ValueError, RecursionError):
        return {}


_SAVED = re.compile(r"(.*)-!-\d+\.\w+")


def _project_labels(value: object, matcher: Matcher) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        label = next((value[key] for key in ("name", "label", "className") if isinstance(value.get(key), str)), "")
        for held in value.values():
            for one in held if label and isinstance(held, list) else ():
                file = one.get("file", one.get("path")) if isinstance(one, dict) else one
                if isinstance(file, str) and (image := matcher.find(file, "", EXACT)):
                    yield image, label
    for held in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _project_labels(held, matcher)
