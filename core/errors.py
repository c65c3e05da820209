"""Every error a person can cause or must act on.

    GraftError
    ├── WorkspaceError   the folder Graft keeps its things in cannot be used
    │   └── DamagedError a file in there does not say what it should
    ├── DataError        a file, archive, folder or image cannot be used
    ├── BackboneError    an unknown backbone, or weights that are missing or do not fit
    ├── RecipeError      settings that cannot be run
    └── RunError         a run that cannot be started, found, steered or used

A message says what came, what was allowed, and what to do. Pages and the command line catch the root and show
the text as it is; anything else that escapes is a bug.
"""

from __future__ import annotations

from pathlib import Path


class GraftError(Exception):
    """The root: its text is written for the person using Graft."""


class WorkspaceError(GraftError):
    pass


class DamagedError(WorkspaceError, ValueError):
    """A file of the workspace that cannot be read, or does not fit its schema; see `core.records`.

    reason: what is wrong with it, in words; may quote hostile text.
    """

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"The file {path.name} in {path.parent.name!r} is damaged: {reason}.")


class DataError(GraftError):
    pass


class BackboneError(GraftError):
    pass


class RecipeError(GraftError):
    pass


class RunError(GraftError):
    pass
