"""Every error a person can cause or must act on.

    GraftError
    ├── WorkspaceError   the folder Graft keeps its things in cannot be used
    ├── DataError        a file, archive, folder or picture cannot be used
    ├── BackboneError    an unknown backbone, or weights that are missing or do not fit
    ├── RecipeError      settings that cannot be run
    └── RunError         a run that cannot be started, found, steered or used

A message says what came, what was allowed, and what to do. Pages and the command line catch the root and show
the text as it is; anything else that escapes is a bug.
"""


class GraftError(Exception):
    """The root: its text is written for the person using Graft."""


class WorkspaceError(GraftError):
    pass


class DataError(GraftError):
    pass


class BackboneError(GraftError):
    pass


class RecipeError(GraftError):
    pass


class RunError(GraftError):
    pass
