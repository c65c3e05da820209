"""What lies inside of a line that is drawn around some of a map."""

from __future__ import annotations

from typing import Any

import numpy as np

MOST = 400  # corners of a line


def line_of(said: Any, scale: float = 1000) -> np.ndarray | None:
    """What a browser says, [[x, y], ...] in 0 to `scale`, as float64 (M, 2) in 0 to 1; None for what is no line."""
    if not isinstance(said, list) or not 3 <= len(said) <= MOST:
        return None
    try:
        line = np.array(said, np.float64)
    except (TypeError, ValueError):
        return None
    return line / scale if line.shape == (len(said), 2) and np.isfinite(line).all() else None


def inside(points: np.ndarray, line: np.ndarray) -> np.ndarray:
    """bool (N,): which of the points (N, 2) lie inside of the line (M, 2), whose end is joined to its beginning.

    A line that crosses itself takes in what it goes around an odd number of times.
    """
    low, high = line.min(axis=0), line.max(axis=0)
    near = np.flatnonzero(((points >= low) & (points <= high)).all(axis=1))
    x, y = points[near].T
    odd = np.zeros(len(near), bool)
    for (x0, y0), (x1, y1) in zip(line, np.roll(line, -1, axis=0)):
        crosses = (y0 > y) != (y1 > y)
        if y0 != y1:
            odd ^= crosses & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    found = np.zeros(len(points), bool)
    found[near[odd]] = True
    return found
