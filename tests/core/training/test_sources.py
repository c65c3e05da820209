"""Where batches come from: what is cut, and what comes together."""

from __future__ import annotations

import numpy as np

from core.training.sources import by_length, cut_evenly


def padding(order: np.ndarray, lengths: np.ndarray, size: int) -> float:
    """The share of a batch's tokens that are none."""
    batches = [lengths[order[start : start + size]] for start in range(0, len(order), size)]
    return 1 - sum(each.sum() for each in batches) / sum(each.max() * len(each) for each in batches)


def test_examples_of_a_batch_are_about_equally_long():
    random = np.random.default_rng(0)
    lengths = random.geometric(0.03, 4000) + 2
    order = random.permutation(4000)
    near = by_length(order, lengths, 32, random)
    assert sorted(near) == list(range(4000))
    assert padding(near, lengths, 32) < 0.15 < padding(order, lengths, 32)


def test_the_smaller_batch_stays_the_last():
    lengths = np.array([5, 4, 3, 2, 1])
    near = by_length(np.arange(5), lengths, 2, np.random.default_rng(1))
    assert near[-1] == 0
    assert {tuple(near[:2]), tuple(near[2:4])} == {(4, 3), (2, 1)}


def test_another_epoch_has_other_batches():
    lengths = np.arange(400) % 7 + 1
    random = np.random.default_rng(0)
    one, other = (by_length(random.permutation(400), lengths, 10, random) for _ in range(2))
    assert sorted(one) == sorted(other)
    assert one.tolist() != other.tolist()


def test_batches_of_a_processor_have_about_as_much_to_do():
    lengths = np.sort(np.random.default_rng(0).integers(3, 300, 500))
    chunks = cut_evenly(np.arange(500), lengths, fewest=16, tokens=1536)
    assert np.concatenate(chunks).tolist() == list(range(500))
    tokens = [len(chunk) * lengths[chunk].max() for chunk in chunks]
    assert all(many <= 1536 or len(chunk) <= 16 for many, chunk in zip(tokens, chunks))
    assert len(chunks[0]) > 16 and len(chunks[-1]) <= 16
    assert cut_evenly(np.arange(0), lengths, 16, 1536) == []
