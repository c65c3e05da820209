"""Files as damage leaves them: what a test writes in the place of each that Graft reads."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DEEP = 100_000
NESTED: Any = None
for _ in range(60):
    NESTED = [NESTED]
# In the place of any one value of a JSON file.
VALUES: dict[str, Any] = {
    "null": None,
    "text": "<b>text</b>",
    "empty": "",
    "list": [],
    "nulls": [None, None],
    "object": {},
    "negative": -1,
    "many": 10**30,
    "fraction": 0.5,
    "large": 1e308,
    "nan": float("nan"),
    "infinite": float("-inf"),
    "true": True,
    "nested": NESTED,
    "long": "x" * 20_000,
    "up": "../../../etc/passwd",
    "nul": "a\0b",
}
# In the place of the whole file; None: a folder.
WHOLE: dict[str, bytes | None] = {
    "empty": b"",
    "blank": b" \n\n",
    "null": b"null",
    "text": b'"text"',
    "list": b"[]",
    "lists": b"[[1, 2], [3]]",
    "object": b"{}",
    "number": b"12",
    "nan": b"NaN",
    "deep-lists": b"[" * DEEP + b"]" * DEEP,
    "deep-objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "digits": b"9" * 6000,
    "binary": bytes(range(256)) * 20,
    "surrogate": b'{"name": "\\ud800"}',
    "html": b"<!doctype html><script>alert(1)</script>",
    "folder": None,
}


def wholes(data: bytes) -> Iterator[tuple[str, bytes | None]]:
    """The file in other words, encodings and lengths."""
    yield from WHOLE.items()
    yield "cut", data[: len(data) // 2]
    yield "cut-late", data[:-3]
    yield "twice", data + data
    yield "zeros", data[: len(data) // 3] + b"\0" * 100 + data[len(data) // 3 :]
    for encoding in ("utf-16", "utf-32", "cp500"):
        yield encoding, data.decode("utf-8", "replace").encode(encoding, "replace")


def values(data: bytes) -> Iterator[tuple[str, bytes]]:
    """A JSON object with one value at a time that is another, or none."""
    said = json.loads(data)
    for path in list(_places(said)):
        name = "-".join(map(str, path))
        yield f"{name}-gone", json.dumps(_with(said, path, _GONE)).encode()
        for kind, value in VALUES.items():
            yield f"{name}-{kind}", json.dumps(_with(said, path, value)).encode()


_GONE = object()


def _places(said: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = said.items() if isinstance(said, dict) else list(enumerate(said))[:1] if isinstance(said, list) else ()
    for key, value in inner:
        yield (*before, key)
        if len(before) < 3:
            yield from _places(value, (*before, key))


def _with(said: Any, path: tuple[Any, ...], value: Any) -> Any:
    key, *rest = path
    copy = dict(said) if isinstance(said, dict) else list(said)
    if rest:
        copy[key] = _with(said[key], tuple(rest), value)
    elif value is _GONE:
        del copy[key]
    else:
        copy[key] = value
    return copy


def put(path: Path, data: bytes | None) -> None:
    """In the place of what is there, be it a file or a folder."""
    if path.is_dir():
        shutil.rmtree(path)
    elif os.path.lexists(path):
        path.unlink()
    if data is None:
        path.mkdir(parents=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
