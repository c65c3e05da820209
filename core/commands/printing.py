"""What the commands say on the way, and how other people's words get to a terminal."""

from __future__ import annotations

import sys
import time

from core.importing.importing import Progress


class ImportLine:
    """Progress of work on a dataset on stderr, once it has taken a second: a line every second at most, and one as soon
    as something begins that cannot be counted. Nothing is said twice in a row."""

    def __init__(self) -> None:
        self.began = self.last = time.monotonic()
        self.phase = self.said = ""

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        counts = bool(progress.total or progress.done or progress.share is not None)
        begins = not counts and progress.phase != self.phase and now - self.began > 1
        if now - self.last < 1 and not begins:
            return
        self.last, self.phase = now, progress.phase
        share = f" ({progress.share:.0%})" if progress.share is not None else ""
        of = f" of {progress.total}" if progress.total else share
        line = f"{progress.phase}{f': {progress.done}{of}' if counts else ''}"
        if line != self.said:
            print(line, file=sys.stderr)
        self.said = line


def printable(text: str) -> str:
    """Labels and names are other people's text: control characters must not reach the terminal."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
