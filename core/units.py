"""Sizes in words: the one way in which Graft writes them, on pages, in a shell and in messages."""

from __future__ import annotations


def file_size(size: float | None) -> str:
    """Bytes as `512 B`, `14 kB`, `1.3 MB`, in powers of a thousand; a dash where unknown."""
    if size is None:
        return "–"
    for limit, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= limit:
            return f"{size / limit:.3g} {unit}"
    return f"{size:.0f} B"
