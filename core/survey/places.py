"""Where each image goes on the map: near those that the backbone sees as alike."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

LANDMARKS = 1500  # images whose places are worked out; the others go to their nearest ones
FEWEST = 12  # images that make a map by their neighbours; fewer are laid out by their strongest two directions
LOOKED_AT = 5  # landmarks that decide the place of another image
DIRECTIONS = 50
ROUNDS = 500


def landmarks(labels: np.ndarray, seed: int = 0) -> np.ndarray:
    """At most `LANDMARKS` indices, of each label its share, in order: int64."""
    if len(labels) <= LANDMARKS:
        return np.arange(len(labels))
    order = np.random.default_rng(seed).permutation(len(labels))
    by_label = order[np.argsort(labels[order], kind="stable")]
    return np.sort(by_label[np.linspace(0, len(labels) - 1, LANDMARKS).astype(int)])


def places(points: np.ndarray, chosen: np.ndarray, on_phase: Callable[[], None]) -> np.ndarray:
    """Places of all points (N, D) of length 1, from those of the landmarks `chosen`: float32 (N, 2) in 0 to 1.

    on_phase: called now and then; it may raise to give up. The same points always get the same places.
    """
    if len(chosen) < FEWEST:
        return _scaled(points[:, :2] if points.shape[1] > 1 else np.repeat(points, 2, axis=1))
    on_phase()
    laid = _laid_out(points[chosen, :DIRECTIONS])
    on_phase()
    if len(chosen) == len(points):
        return _scaled(laid)
    result = np.empty((len(points), 2), np.float32)
    for start in range(0, len(points), 4096):
        alike = points[start : start + 4096] @ points[chosen].T
        near = np.argpartition(-alike, LOOKED_AT, axis=1)[:, :LOOKED_AT]
        weight = np.exp(20 * np.take_along_axis(alike, near, axis=1))
        result[start : start + 4096] = (laid[near] * weight[..., None]).sum(axis=1) / weight.sum(axis=1, keepdims=True)
        on_phase()
    return _scaled(result)


def _laid_out(points: np.ndarray) -> np.ndarray:
    """t-SNE (van der Maaten and Hinton, 2008): neighbours stay neighbours, as far as a plane allows."""
    from sklearn.manifold import TSNE

    perplexity = min(30.0, (len(points) - 1) / 3)
    return TSNE(perplexity=perplexity, init="pca", random_state=0, max_iter=ROUNDS).fit_transform(points)


def _scaled(places: np.ndarray) -> np.ndarray:
    low, high = places.min(axis=0), places.max(axis=0)
    return ((places - low) / np.maximum(high - low, 1e-9)).astype(np.float32)
