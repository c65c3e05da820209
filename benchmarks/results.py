"""Put what was measured where it is read."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"
END = "<!-- end of results -->"
NOT_YET = "Not yet measured"


def begin(script: str) -> str:
    """What stands before the results of a script, and is there already."""
    return f"<!-- results: written by benchmarks/{script} -->"


def write(words: str, name: str, script: str = "bench.py", page: str = "performance.md") -> None:
    """Put a result into a page of docs, in place of the last one of the same name by the same script,
    and of the rows that say that nothing was measured yet."""
    before, rest = (DOCS / page).read_text(encoding="utf-8").split(begin(script))
    results, after = rest.split(END, 1)
    kept = [
        part
        for part in re.split(r"^### ", results, flags=re.MULTILINE)[1:]
        if part.split("\n")[0] not in (name, NOT_YET)
    ]
    parts = sorted([*kept, f"{name}\n\n{words.rstrip()}\n\n"], key=lambda part: part.split("\n")[0])
    text = "".join(f"### {part.rstrip()}\n\n" for part in parts)
    (DOCS / page).write_text(f"{before}{begin(script)}\n\n{text}{END}{after}", encoding="utf-8")
