"""What sides of the same cells reached, kept one by one in a file, and compared pair by pair."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from scipy import stats

from benchmarks.draws import SIZES, Cell

CONFIDENCE = 0.9
Found = dict[Cell, dict[str, float]]  # accuracy, 0 to 1, by side


class Kept:
    """Results in a file of JSON lines, one for each cell, side and settings: what is there is not computed again.

    Several processes may add to one file; each sees what was there when it began.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        self.found = {_key(said): float(said["accuracy"]) for said in map(json.loads, lines)}

    def get(self, cell: Cell, side: str, settings: dict[str, Any]) -> float | None:
        return self.found.get(_key({**cell.__dict__, "side": side, "settings": settings}))

    def add(self, cell: Cell, side: str, settings: dict[str, Any], accuracy: float, seconds: float) -> None:
        key = {**cell.__dict__, "side": side, "settings": settings}
        self.found[_key(key)] = accuracy
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({**key, "accuracy": accuracy, "seconds": round(seconds, 2)}) + "\n")


def _key(said: dict[str, Any]) -> str:
    return json.dumps([said[name] for name in ("set", "size", "seed", "side", "settings")], sort_keys=True)


class Difference(NamedTuple):
    """Of one side to another over pairs, in points of accuracy. within: half of the interval."""

    mean: float
    within: float
    wins: int
    ties: int
    losses: int

    def __str__(self) -> str:
        within = "" if math.isnan(self.within) else f" ± {self.within:.1f}"
        return f"{self.mean:+.1f}{within} ({self.wins}/{self.ties}/{self.losses})"


def compare(pairs: Iterable[tuple[float, float]]) -> Difference:
    """The mean of the differences with an interval by Student's t, which takes the pairs as independent."""
    points = [100 * (one - other) for one, other in pairs]
    wins, losses = sum(each > 1e-9 for each in points), sum(each < -1e-9 for each in points)
    within = math.nan
    if len(points) > 1:
        quantile = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(points) - 1))
        within = quantile * statistics.stdev(points) / math.sqrt(len(points))
    return Difference(statistics.fmean(points), within, wins, len(points) - wins - losses, losses)


def tables(found: Found, titles: dict[str, str]) -> list[str]:
    """Markdown: mean accuracy by size and by set, and the first side against each other one."""
    first, *others = titles
    sizes = [size for size in SIZES if any(cell.size == size for cell in found)]
    sets = list(dict.fromkeys(cell.set for cell in found))
    head = f"| images a class | {' | '.join(titles.values())} |"
    lines = [head, "|---" * (1 + len(titles)) + "|"]
    lines += [_means(size, [cell for cell in found if cell.size == size], found, titles) for size in sizes]
    lines += ["", head.replace("images a class", "set"), "|---" * (1 + len(titles)) + "|"]
    lines += [_means(name, [cell for cell in found if cell.set == name], found, titles) for name in sets]
    lines += [_means("**mean**", list(found), found, titles)]
    if not others:
        return lines
    lines += ["", f"| {titles[first]} against | {' | '.join(titles[side] for side in others)} |"]
    lines += ["|---" * (1 + len(others)) + "|"]
    for size in [*sizes, "pooled"]:
        cells = [cell for cell in found if size in (cell.size, "pooled")]
        lines += [f"| {size} | {' | '.join(_against(first, side, cells, found) for side in others)} |"]
    return lines


def _means(name: str, cells: list[Cell], found: Found, titles: dict[str, str]) -> str:
    """With a star where not every cell has its result yet."""
    columns = []
    for side in titles:
        reached = [found[cell][side] for cell in cells if side in found[cell]]
        columns.append(f"{statistics.fmean(reached):.1%}{'*' * (len(reached) < len(cells))}" if reached else "")
    return f"| {name} | {' | '.join(columns)} |"


def _against(first: str, side: str, cells: list[Cell], found: Found) -> str:
    pairs = [(found[cell][first], found[cell][side]) for cell in cells if {first, side} <= set(found[cell])]
    return str(compare(pairs)) if pairs else ""
