"""What the commands say on the way, and how other people's words get to a terminal."""

from __future__ import annotations

import sys
import time

from core.data.importing import Progress


class ImportLine:
    """Progress of work on a dataset on stderr, a line every second at most."""

    def __init__(self) -> None:
        self.last = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        if time.monotonic() - self.last < 1:
            return
        self.last = time.monotonic()
        share = f" ({progress.share:.0%})" if progress.share is not None else ""
        counted = f": {progress.done} of {progress.total}" if progress.total else f": {progress.done}{share}"
        print(f"{progress.phase}{counted}", file=sys.stderr)


def printable(text: str) -> str:
    """Labels and names are other people's text: control characters must not reach the terminal."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
