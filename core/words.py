"""Other people's words, made fit for one line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

LONGEST_NAME = 1000  # characters
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNSEEN = frozenset("\u200b\u2060\ufeff\u00ad\u180e")  # but not the joiners, without which some scripts are misspelt


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


def shown_name(name: str) -> str:
    """A name without characters that cannot be seen or that turn text around, its blanks plain ones; at most
    `LONGEST_NAME` characters."""
    if name.isascii() and name.isprintable():
        return name[:LONGEST_NAME]
    kept = (c for c in unicodedata.normalize("NFC", name[: 2 * LONGEST_NAME]) if c not in _TURNING and c not in _UNSEEN)
    seen = ("" if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") and c not in "\n\t" else c for c in kept)
    plain = (" " if c in "\n\t" or unicodedata.category(c) == "Zs" else c for c in "".join(seen))
    return "".join(plain)[:LONGEST_NAME]


def without_accents(text: str) -> str:
    """`étiquette` as `etiquette`."""
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFC", "".join(c for c in apart if not "\u0300" <= c <= "\u036f"))


def clean_label(label: str) -> str:
    """A folder's name as a class name: as it is, but for characters that cannot be seen or that turn text around."""
    return shown_name(label).strip() or "unnamed"


def number_of(count: int, one: str = "file", many: str | None = None) -> str:
    """`1 file`, `1,200 files`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def with_noun(sentence: str, noun: str) -> str:
    """A sentence of Graft's own that speaks of images, about other examples: `every image` as `every text`.

    noun: what one is called.
    """
    if noun == "image":
        return sentence
    article = r"\1n" if noun[0] in "aeiou" else r"\1"
    said = re.sub(r"\b([Aa])n image\b", rf"{article} {noun}", sentence)
    return re.sub(r"\b([Ii])mage(s?)\b", lambda m: (noun.capitalize() if m[1] == "I" else noun) + m[2], said)


def names_of(labels: Sequence[str], limit: int = 5) -> str:
    """A few names, in order: `cat, dog and 3 more`."""
    shown = ", ".join(label if len(label) <= 40 else f"{label[:39]}…" for label in sorted(labels)[:limit])
    return shown + (f" and {len(labels) - limit:,} more" if len(labels) > limit else "")
