"""Which folders of this machine the pages may read. A shell needs no permission; a page does."""

from __future__ import annotations

import os
from pathlib import Path

from core.errors import DataError

SETTING = "GRAFT_FOLDERS"


def roots() -> tuple[Path, ...]:
    """The folders that the owner allows, in $GRAFT_FOLDERS, separated as in $PATH; else the home folder."""
    said = os.environ.get(SETTING)
    folders = said.split(os.pathsep) if said is not None else [str(Path.home())]
    return tuple(Path(os.path.realpath(os.path.expanduser(folder))) for folder in folders if folder.strip())


def allowed(text: str) -> Path:
    """The path that someone typed, if it lies below one of the roots, links followed.

    Raises:
        DataError: it lies elsewhere, or there is nothing.
    """
    try:
        path = Path(os.path.expanduser(text.strip())).resolve()
    except (OSError, ValueError, RuntimeError) as error:
        raise DataError(f"{text[:200]!r} is not the path of a file or folder.") from error
    if not any(path.is_relative_to(root) for root in roots()):
        shown = ", ".join(map(str, roots())) or "none"
        raise DataError(
            f"{text[:200]!r} lies outside of the folders that may be read here: {shown}. Move it there, "
            f"or ask whoever runs Graft to name their folder in {SETTING}."
        )
    if not os.path.lexists(path):
        raise DataError(f"There is no file or folder {str(path)[:200]!r}.")
    return path
