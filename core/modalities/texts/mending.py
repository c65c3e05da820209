"""Letters that a program garbled, as it took UTF-8 for another encoding: told apart from what is right, and mended."""

from __future__ import annotations

import re
from collections.abc import Sequence

# With what UTF-8 begins that was read as Latin-1, Windows-1250, -1251 or -1252, Mac Roman or code page 437. Right texts
# have some of it too, and are looked at closely: so most of a million need no closer look.
_SUSPECT = re.compile(
    "[ÂÃÄÅĂĹĆĐÐÑÎ][^\\sA-Za-z]|[âäæèéåãçìíêë][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|[ðđ][ŸźÂ\u009f]"
    "|[─-╿Γ≡√][^\\s]|‚[ÄÇ]|[∆ƒ].?[∞∫ºπ]|вЂ|рџ|[РСГВ][Ђ-Џѓ-џ\u00a0-\u00bb‚-›]|ï»¿"
)
# A word in capitals that ends in one of these letters, and the mark that ends a quotation: "IRMÃ”" is right.
_QUOTED = re.compile("(?<=[A-ZÇ])[ÃÂ][”’“»]")


def is_garbled(text: str) -> bool:
    from ftfy.badness import is_bad  # takes its time to import

    return is_bad(_QUOTED.sub(".", text))


def may_be_garbled(text: str) -> bool:
    """The same, in a hundredth of the time for most."""
    return not text.isascii() and _SUSPECT.search(text) is not None and is_garbled(text)


def mended(text: str) -> str:
    """The same text where nothing is garbled in it, or nothing can be told. Line by line, as files are put together."""
    from ftfy import fix_encoding

    lines = text.splitlines(keepends=True)
    return "".join(fix_encoding(line) if is_garbled(line) else line for line in lines)


def mended_around(text: str, places: Sequence[tuple[int, int, str]]) -> tuple[str, list[tuple[int, int, str]]] | None:
    """A text and the places of its entities, (start, end, type), in characters; None if a place begins or ends within
    what was garbled, so that nobody can say where it lies afterwards.

    places: sorted, none overlaps another.
    """
    whole, parts, moved = mended(text), list[str](), list[tuple[int, int, str]]()
    at = length = 0
    for start, end, kind in places:
        for begin, behind in ((at, start), (start, end)):
            parts.append(mended(text[begin:behind]))
            length += len(parts[-1])
        moved.append((length - len(parts[-1]), length, kind))
        at = end
    parts.append(mended(text[at:]))
    right = "".join(parts) == whole and all(start < end for start, end, _ in moved)
    return (whole, moved) if right else None
