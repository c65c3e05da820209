"""What tags or types that are numbers are called: a file beside them says so, or one that holds both."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.importing.tables.encodings import decode_text

Beside = Callable[[str], bytes | None]
LISTS = (
    "labels.txt",
    "label_list.txt",
    "labels_list.txt",
    "tags.txt",
    "classes.txt",
    "ner_tags.txt",
    "label_names.txt",
)
OBJECTS = (
    *("label_config.json", "labels.json", "label2id.json", "id2label.json", "tag2id.json", "id2tag.json"),
    *("label_to_id.json", "tag_to_id.json", "dataset_infos.json", "dataset_info.json", "features.json", "config.json"),
)
CARDS = ("README.md",)
MOST = 2_000_000  # bytes of such a file
_IN_CARD = re.compile(r"^\s*'?(\d+)'?:\s*(\S.*?)\s*$", re.MULTILINE)


def names_beside(beside: Beside, columns: Sequence[str]) -> dict[int, str]:
    """By number; {} where nobody says. columns: what the tags are called where they stand, the likeliest first."""
    for name in LISTS:
        lines = [line.strip() for line in _text(beside, name).splitlines() if line.strip()]
        if lines:
            return dict(enumerate(line.split("\t")[0] for line in lines))
    for name in OBJECTS:
        try:
            held = json.loads(_text(beside, name) or "null")
        except (ValueError, RecursionError):
            continue
        if found := names_in(held, columns):
            return found
    for name in CARDS:
        card = _text(beside, name).split("\n---", 1)[0]
        if "class_label" in card and (found := _in_card(card, columns)):
            return found
    return {}


def _text(beside: Beside, name: str) -> str:
    data = beside(name)
    return decode_text(data).text if data and len(data) <= MOST else ""


def names_in(held: Any, columns: Sequence[str]) -> dict[int, str]:
    """held: JSON as any of the usual programs writes it."""
    if isinstance(held, list):
        if held and all(isinstance(one, str) for one in held):
            return dict(enumerate(held))
        listed = [(_number(one), _name(one)) for one in held if isinstance(one, dict)]
        found = {number: name for number, name in listed if number is not None and name}
        return found if len(found) == len(held) else {}
    if not isinstance(held, dict):
        return {}
    whole = {_whole(key): value for key, value in held.items()}
    if whole and None not in whole and all(isinstance(value, str) for value in held.values()):
        return {int(key): value for key, value in whole.items() if key is not None}
    if held and all(isinstance(value, int) and not isinstance(value, bool) for value in held.values()):
        return {number: str(name) for name, number in held.items()}
    for column in columns:
        if column in held and (found := _feature(held[column])):
            return found
    for key in (
        "features",
        "info",
        "id2label",
        "label2id",
        "names",
        *(k for k, v in held.items() if isinstance(v, dict)),
    ):
        if isinstance(held.get(key), dict | list) and (found := names_in(held[key], columns)):
            return found
    return {}


def _feature(said: Any) -> dict[int, str]:
    """`{"feature": {"names": [...], "_type": "ClassLabel"}}`, however deep the list of names lies."""
    for _ in range(6):
        if not isinstance(said, dict):
            return {}
        names = said.get("names")
        if isinstance(names, list) and all(isinstance(one, str) for one in names):
            return dict(enumerate(names))
        if isinstance(names, dict):
            return names_in(names, ())
        said = next((said[key] for key in ("feature", "class_label", "sequence", "dtype") if key in said), None)
    return {}


def _in_card(card: str, columns: Sequence[str]) -> dict[int, str]:
    """Of the YAML above a data set's description, the names of the first such column."""
    for column in (*columns, ""):
        _, found, rest = card.partition(f"name: {column}") if column else ("", "x", card)
        _, there, names = rest.partition("names:") if found else ("", "", "")
        numbered: dict[int, str] = {}
        for match in _IN_CARD.finditer(names):
            if int(match[1]) != len(numbered):
                break
            numbered[int(match[1])] = match[2].strip("'\"")
        if there and numbered:
            return numbered
    return {}


def _whole(key: object) -> int | None:
    text = str(key)
    return int(text) if text.isdecimal() and len(text) < 7 else None


def _number(one: Mapping[str, Any]) -> int | None:
    found = next((one[key] for key in ("id", "value", "index") if isinstance(one.get(key), int)), None)
    return None if isinstance(found, bool) else found


def _name(one: Mapping[str, Any]) -> str:
    return next((one[key] for key in ("text", "name", "label") if isinstance(one.get(key), str)), "")
