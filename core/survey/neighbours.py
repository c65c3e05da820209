"""Nearest neighbours among features: exact, a block of images at a time, so that memory stays flat."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

DIRECTIONS = 128  # kept of the features: the strongest ones, which say nearly all about who is near whom
BLOCK = 1024
FITTED_ON = 20_000  # images from which the directions are found


def reduced(features: np.ndarray) -> np.ndarray:
    """Features (N, F) on their strongest directions, each row of length 1: float32 (N, at most `DIRECTIONS`)."""
    step = max(1, len(features) // FITTED_ON)
    some = np.asarray(features[::step], np.float32)
    middle = some.mean(axis=0)
    _, strongest = np.linalg.eigh(np.cov((some - middle).T)) if len(some) > 1 else (None, np.eye(some.shape[1]))
    directions = strongest[:, ::-1][:, :DIRECTIONS].astype(np.float32)
    result = np.empty((len(features), directions.shape[1]), np.float32)
    for start in range(0, len(features), BLOCK):
        block = (np.asarray(features[start : start + BLOCK], np.float32) - middle) @ directions
        result[start : start + BLOCK] = block / np.maximum(np.linalg.norm(block, axis=1, keepdims=True), 1e-12)
    return result


def nearest(
    points: np.ndarray, twins: np.ndarray, count: int, on_block: Callable[[int, int], None]
) -> tuple[np.ndarray, np.ndarray]:
    """The `count` nearest of each point, itself and its twins aside.

    points: float32 (N, D) of length 1. twins: int (N,), the same number above 0 for copies of one image.
    on_block: called with (points done, all); it may raise to give up.

    Returns: indices int64 (N, count) and cosine similarities float32 (N, count), the nearest first. Fewer than `count`
    are there for very few points: then the count is less.
    """
    count = min(count, max(1, len(points) - 1))
    indices = np.empty((len(points), count), np.int64)
    similarities = np.empty((len(points), count), np.float32)
    for start in range(0, len(points), BLOCK):
        rows = slice(start, start + BLOCK)
        alike = points[rows] @ points.T
        alike[np.arange(len(alike)), np.arange(start, start + len(alike))] = -2
        alike[(twins[rows, None] == twins[None, :]) & (twins[rows, None] > 0)] = -2
        best = np.argpartition(-alike, count - 1, axis=1)[:, :count]
        values = np.take_along_axis(alike, best, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        indices[rows] = np.take_along_axis(best, order, axis=1)
        similarities[rows] = np.take_along_axis(values, order, axis=1)
        on_block(min(start + BLOCK, len(points)), len(points))
    return indices, similarities
