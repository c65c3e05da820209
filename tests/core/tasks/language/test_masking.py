"""Which tokens are hidden: a share of the text's own, by chance, and always the same ones for the same lot."""

from __future__ import annotations

import numpy as np

from core.tasks.language.masking import hide

MASK, VOCABULARY = 4, 50_000


def hidden(seed: int = 0, length: int = 4_000):
    ids, sequence = np.arange(10, 10 + length), np.zeros(length, np.int8)
    sequence[[0, -1]] = -1
    return ids, hide(ids, sequence, MASK, VOCABULARY, np.random.default_rng(seed))


def test_fifteen_in_a_hundred_are_guessed_most_of_them_masked():
    ids, drawn = hidden()
    assert len(drawn.places) == round(0.15 * (len(ids) - 2)) and not {0, len(ids) - 1} & {*drawn.places}
    masked, stays = (drawn.instead == MASK).mean(), (drawn.instead == ids[drawn.places]).mean()
    assert 0.75 < masked < 0.85 and 0.06 < stays < 0.14


def test_the_same_lot_hides_the_same_and_another_others():
    one, again, other = hidden(1)[1], hidden(1)[1], hidden(2)[1]
    assert np.array_equal(one.places, again.places) and np.array_equal(one.instead, again.instead)
    assert not np.array_equal(one.places, other.places)


def test_of_a_short_text_one_token_is_hidden_and_of_an_empty_one_none():
    lot = np.random.default_rng(0)
    assert len(hide(np.array([1, 7, 2]), np.array([-1, 0, -1]), MASK, VOCABULARY, lot).places) == 1
    assert len(hide(np.array([1, 2]), np.array([-1, -1]), MASK, VOCABULARY, lot).places) == 0
