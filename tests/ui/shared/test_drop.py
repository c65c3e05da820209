"""What is dropped comes in batches: each is given on once, in order, and what goes wrong is told."""

import base64

import pytest

from core.errors import DataError
from ui.shared.drop import LOST, Drop, Piece, received


def batch(number, *pieces, last=False, drop="a"):
    said = [
        {"name": name, "size": size, "at": at, "data": base64.b64encode(data).decode()}
        for name, size, at, data in pieces
    ]
    return {"drop": drop, "number": number, "last": last, "pieces": said}


@pytest.fixture
def taken():
    return []


@pytest.fixture
def take(taken):
    return lambda drop, pieces, last: taken.append((drop.id, *drop.whole(pieces, 10), last))


def test_files_come_whole_and_large_ones_in_pieces(take, taken):
    drop = received(batch(0, ("a", 1, 0, b"x"), ("b", 5, 0, b"12")), None, take)
    drop = received(batch(1, ("b", 5, 2, b"345"), ("c", 0, 0, b""), last=True), drop, take)
    assert taken == [("a", ("a", b"x"), False), ("a", ("b", b"12345"), ("c", b""), True)]
    assert (drop.expected, drop.error) == (2, "")


def test_of_a_file_that_is_too_large_little_is_kept(take, taken):
    received(batch(0, *(("a", 400, at, bytes(8)) for at in range(0, 400, 8))), None, take)
    ((_, (_, data), _),) = taken
    assert 10 < len(data) < 20


def test_a_batch_that_comes_twice_is_given_on_once(take, taken):
    drop = received(batch(0, ("a", 1, 0, b"x")), None, take)
    assert received(batch(0, ("a", 1, 0, b"x")), drop, take) is drop and len(taken) == 1


def test_another_drop_begins_anew(take, taken):
    drop = received(batch(0, ("a", 2, 0, b"x")), None, take)
    drop = received(batch(0, ("b", 1, 0, b"y"), drop="b"), drop, take)
    assert drop.id == "b" and taken[1] == ("b", ("b", b"y"), False)


def test_nothing_comes_after_the_last(take, taken):
    drop = received(batch(0, ("a", 1, 0, b"x"), last=True) | {"files": 1, "bytes": 1}, None, take)
    assert (drop.files, drop.size, drop.over) == (1, 1, True)
    assert received(batch(1, ("b", 1, 0, b"y"), last=True), drop, take) is drop and len(taken) == 1


def test_stop_is_heard_once_and_ends_the_drop(take, taken):
    stops = []
    drop = received(batch(0, ("a", 1, 0, b"x")), None, take)
    for id in ("b", "a", "a"):
        assert received({"drop": id, "stop": True}, drop, take, lambda: stops.append(1)) is drop
    assert stops == [1] and received(batch(1, ("b", 1, 0, b"x")), drop, take) is drop and len(taken) == 1
    assert received({"drop": "a", "stop": True}, None, take) is None


@pytest.mark.parametrize("before", [None, Drop("a", 1), Drop("b", 2)])
def test_what_came_before_may_be_lost(take, taken, before):
    drop = received(batch(2, ("a", 1, 0, b"x")), before, take)
    assert drop.error == LOST and drop.expected == 3 and not taken


def test_a_refusal_is_told_and_ends_the_drop(taken):
    def full(drop, pieces, last):
        taken.append(pieces)
        raise DataError("The disk is full.")

    drop = received(batch(0, ("a", 1, 0, b"x")), None, full)
    assert drop.error == "The disk is full."
    assert received(batch(1, ("b", 1, 0, b"x")), drop, full).error == "The disk is full." and len(taken) == 1


def test_whatever_the_browser_sends_only_pieces_are_taken_from_it(taken):
    good = {"name": "d\0\ud800", "size": "1", "at": 0, "data": "eA=="}
    endless = {"name": "e", "size": float("inf"), "at": 0, "data": "eA=="}
    sent = [None, 3, {"name": "b"}, {"name": "c", "size": 1, "at": 0, "data": "!"}, endless, good]
    received({"drop": 7, "number": 0, "pieces": sent}, None, lambda drop, pieces, last: taken.extend(pieces))
    assert taken == [Piece("d?", 1, 0, b"x")]
    received({"drop": 8, "number": 0, "pieces": "abc"}, None, lambda drop, pieces, last: taken.extend(pieces))
    assert len(taken) == 1 and received({}, None, lambda *_: None).error == LOST
