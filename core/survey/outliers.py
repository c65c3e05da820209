"""Who has no neighbours near. See docs/defaults.md for how the threshold was chosen."""

from __future__ import annotations

import numpy as np

BLOCK = 512  # examples at a time
APART = 3.0  # deviations from the usual distance to the neighbours


def apartness(features: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """How far each is from its neighbours, in robust deviations from what is usual (of the distance's logarithm):
    float (N,); more than `APART` is an outlier.

    features: (N, F), as the backbone gives them: here it counts that all have much in common.
    """
    distance = np.empty(len(features))
    for start in range(0, len(features), BLOCK):
        rows = slice(start, start + BLOCK)
        own, others = (_unit(np.asarray(features[which], np.float32)) for which in (rows, indices[rows]))
        distance[rows] = 1 - np.einsum("nf,nkf->nk", own, others).mean(axis=1)
    distance = np.log(np.maximum(distance, 1e-6))
    middle = np.median(distance)
    spread = 1.4826 * np.median(np.abs(distance - middle))
    return (distance - middle) / max(float(spread), 1e-6)


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)
