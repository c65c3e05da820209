"""Other people's words, made fit for one line."""

from __future__ import annotations

import unicodedata


def clip(text: object, limit: int | None = None) -> str:
    """`text` on one line without control characters, cut to `limit` characters, and never in the middle of one that
    is written with several: a letter with its accents, an emoji with its skin, a flag."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
    if limit is None or len(line) <= limit:
        return line
    end = limit - 1
    while end > 0 and _belongs(line, end):
        end -= 1
    return line[:end].rstrip() + "…"


def _belongs(line: str, at: int) -> bool:
    """Whether the character there is part of the one before."""
    flags = len(line[:at]) - len(line[:at].rstrip("".join(map(chr, range(0x1F1E6, 0x1F200)))))
    return (
        unicodedata.category(line[at]).startswith("M")
        or "\U0001f3fb" <= line[at] <= "\U0001f3ff"
        or (flags % 2 == 1 and "\U0001f1e6" <= line[at] <= "\U0001f1ff")
    )
