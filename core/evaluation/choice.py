"""By how much a score flatters that chose which epoch is kept.

The best of many epochs is good by luck, too. What luck gave it, the epochs around it lack: so the score is compared
with theirs, with those before and those after, and the nearer of both tells, as learning makes the earlier ones worse
and overfitting the later ones. That is a rough measure, of this one run; a test part, or cross-validation, needs none.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from core.tasks.metrics import Metric

AROUND = 2  # epochs before, and as many after


def flattery(metric: Metric, values: Sequence[float], best: int) -> float | None:
    """How much better the best epoch's score is than the mean of those before it, or of those after it, whichever is
    less, in the metric's own unit; 0 where it is no better. None where it is the last, as no later one tells then how
    much of it was learning.

    values: of each epoch. best: the number of the one that is kept, from 0.
    """
    sides = [values[max(0, best - AROUND) : best], values[best + 1 : best + 1 + AROUND]]
    if not sides[1]:
        return None
    return max(0.0, metric.rank(values[best]) - max(metric.rank(fmean(side)) for side in sides if side))
