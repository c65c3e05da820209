"""Words that a person put on examples: a column each, to find them again by. They change nothing of what is learned.

datasets/<id>/tags.json   the names of the examples that have it, by tag; for all versions
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path

from filelock import FileLock

from core.data.dataset import Dataset
from core.errors import DamagedError, DataError
from core.records import read
from core.words import clip, shown_name
from core.workspace import write_json

MOST = 200  # tags
LONGEST = 60  # characters

Tags = Mapping[str, frozenset[str]]  # by tag, the names of the examples that have it


def tags_of(dataset: Dataset) -> Tags:
    """By the alphabet. Those that are damaged are none."""
    path = _path(dataset)
    return _read(path, _stamp(path))


def tag(dataset: Dataset, names: Collection[str], word: str) -> str:
    """Put a tag on examples, a new one or not. Returns the tag as it is written.

    Raises:
        DataError: it has no letter, or there are too many.
    """
    word = clip(shown_name(word), LONGEST)
    if not word:
        raise DataError("A tag needs at least one letter. Type one.")
    known = tags_of(dataset)
    if word not in known and len(known) >= MOST:
        raise DataError(f"There are {MOST} tags already. Use one of them, or take one from all that have it.")
    _change(dataset, word, names, has=True)
    return word


def untag(dataset: Dataset, names: Collection[str], word: str) -> None:
    """Take a tag from examples; one that none has any more is gone."""
    _change(dataset, word, names, has=False)


def _change(dataset: Dataset, word: str, names: Collection[str], has: bool) -> None:
    with FileLock(dataset.directory / ".tags.lock"):
        held = tags_of(dataset)
        becomes = held.get(word, frozenset()) | set(names) if has else held.get(word, frozenset()) - set(names)
        kept = {**held, word: becomes}
        write_json(_path(dataset), {each: sorted(kept[each]) for each in sorted(kept) if kept[each]})


def _path(dataset: Dataset) -> Path:
    return dataset.directory / "tags.json"


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_ino  # a file that is written anew is another one


@lru_cache(8)
def _read(path: Path, stamp: tuple[int, int]) -> Tags:
    """Read again when the file has changed."""
    try:
        return {word: frozenset(names) for word, names in read(path, dict[str, list[str]]).items()}
    except (OSError, DamagedError):
        return {}
