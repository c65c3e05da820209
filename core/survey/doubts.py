"""Whose label the neighbours contradict, and who has no neighbours near.

The thresholds were chosen on five sets of pictures, with one label in twenty changed by lot and with pictures of the
other sets put in: see docs/defaults.md.
"""

from __future__ import annotations

import numpy as np

AGAINST = 0.6  # how much more of the neighbours' votes must go to another label than to the picture's own
FAR_OFF = 6.0  # times the usual distance between a number and its neighbours'
SURE = 0.9  # of the numbers lie nearer to their neighbours' than half as far as one that is doubted
BLOCK = 512  # pictures at a time
APART = 3.0  # deviations from the usual distance to the neighbours


def doubted_labels(labels: np.ndarray, indices: np.ndarray, similarities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """
    labels: int (N,). indices, similarities: (N, k), see `neighbours.nearest`.

    Returns: how much the neighbours are for another label than the picture's own, float (N,), -1 to 1, of which more
        than `AGAINST` is worth a look; and which label that is, int (N,).
    """
    count = int(labels.max()) + 1
    weights = np.maximum(similarities, 1e-3)
    votes = np.zeros((len(labels), count), np.float32)
    np.add.at(votes, (np.arange(len(labels))[:, None], labels[indices]), weights)
    votes /= votes.sum(axis=1, keepdims=True)
    own = votes[np.arange(len(labels)), labels].copy()
    votes[np.arange(len(labels)), labels] = -1
    suggested = votes.argmax(axis=1)
    return votes.max(axis=1) - own, suggested


def doubted_numbers(targets: np.ndarray, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns: how far each number is from its neighbours' median, in units of what is usual, of which more than
    `FAR_OFF` is worth a look; and that median.

    Where many are far from what their neighbours say, that is usual too: the backbone does not see the number.
    """
    expected = np.median(targets[indices], axis=1)
    missed = np.abs(targets - expected)
    many = float(np.quantile(missed, SURE, method="lower")) * 2 / FAR_OFF
    usual = max(float(np.median(missed)), many) or float(missed.mean()) or 1.0
    return missed / usual, expected


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
