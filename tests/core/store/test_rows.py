"""Rows kept by content: right whatever is lost, damaged, killed or done twice at once."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from core.store import rows as kept
from core.store.cache import empty, in_use
from core.store.rows import Store


def digest(number):
    return hashlib.sha256(str(number).encode()).hexdigest()


def row(number, shape=(4,)):
    return {"x": np.full(shape, number, np.float32)}


@pytest.fixture
def store(workspace):
    return Store(workspace, "activations", "setting", {"x": np.float32})


def rows(store, numbers, made=None):
    """The rows of these numbers; `made` gets those that had to be made."""

    def make(missing):
        for place in missing:
            if made is not None:
                made.append(numbers[place])
            yield row(numbers[place])

    return store.rows([digest(number) for number in numbers], make)


def chunks(store):
    return sorted(path for path in store.folder.iterdir())


def test_what_is_known_is_not_made_again_in_any_order(store):
    rows(store, [1, 2, 3])
    made = []
    found = rows(store, [5, 3, 1, 4, 3], made)
    assert made == [5, 4]
    assert [float(found[number]["x"][0]) for number in range(5)] == [5, 3, 1, 4, 3]
    assert found.take(np.array([4, 0, 2]))["x"][:, 0].tolist() == [3, 5, 1]
    assert len(chunks(store)) == 2


def test_the_same_content_twice_is_made_once(store):
    made = []
    assert rows(store, [7, 7, 8, 7], made).take(np.arange(4))["x"][:, 0].tolist() == [7, 7, 8, 7]
    assert made == [7, 8]


def test_rows_of_different_shapes(workspace):
    store = Store(workspace, "images", "setting", {"x": np.uint8})
    images = [np.random.default_rng(n).integers(0, 255, (3 + n, 5, 3), np.uint8) for n in range(4)]
    found = store.rows([digest(n) for n in range(4)], lambda numbers: ({"x": images[n]} for n in numbers))
    assert all(np.array_equal(found[n]["x"], images[n]) for n in range(4))


def test_a_row_may_have_several_arrays_and_those_of_different_lengths_are_padded(workspace, monkeypatch):
    """As tokens are: with what is said of all of them beside it."""
    monkeypatch.setattr(kept, "CHUNK_BYTES", 300)  # two or three rows each
    store = Store(
        workspace, "activations", "setting", {"activation": np.float32, "mask": np.int64, "summary": np.float32}
    )
    lengths, lot = [3, 5, 1, 4, 2, 5], np.random.default_rng(0)
    wanted = [
        {
            "activation": lot.normal(size=(length, 2)).astype(np.float32),
            "mask": np.ones(length, np.int64),
            "summary": lot.normal(size=3).astype(np.float32),
        }
        for length in lengths
    ]
    found = store.rows([digest(n) for n in range(6)], lambda numbers: (wanted[n] for n in numbers))
    assert len(chunks(store)) > 1
    assert all(np.array_equal(found[n][name], wanted[n][name]) for n in range(6) for name in wanted[n])
    taken = found.take(np.array([4, 0, 3]))
    assert {name: (array.shape, array.dtype) for name, array in taken.items()} == {
        "activation": ((3, 4, 2), np.float32),
        "mask": ((3, 4), np.int64),
        "summary": ((3, 3), np.float32),
    }
    assert taken["mask"].sum(axis=1).tolist() == [2, 3, 4]
    for row, number in enumerate([4, 0, 3]):
        assert np.array_equal(taken["activation"][row, : lengths[number]], wanted[number]["activation"])
        assert not taken["activation"][row, lengths[number] :].any()
        assert np.array_equal(taken["summary"][row], wanted[number]["summary"])
    again = store.rows([digest(n) for n in (1, 5)], lambda _: pytest.fail("they are there"))
    assert again.take(np.arange(2))["activation"].shape == (2, 5, 2)


def test_several_arrays_of_equal_shapes_are_taken_together(workspace):
    store = Store(workspace, "activations", "setting", {"activation": np.float32, "summary": np.float32})
    wanted = {"activation": np.arange(24, dtype=np.float32).reshape(4, 2, 3), "summary": np.ones((4, 5), np.float32)}
    make = lambda numbers: ({name: array[n] for name, array in wanted.items()} for n in numbers)  # noqa: E731
    found = store.rows([digest(n) for n in range(4)], make)
    taken = found.take(np.array([2, 0]))
    assert all(np.array_equal(taken[name], wanted[name][[2, 0]]) for name in wanted)


def test_rows_that_were_kept_before_they_had_names_are_found(workspace):
    """As they lie in the caches of earlier versions: the same image is not decoded again."""
    store = Store(workspace, "images", "setting", {"pixels": np.uint8})
    folder, image = store.folder / "0123", np.arange(30, dtype=np.uint8).reshape(2, 5, 3)
    folder.mkdir(parents=True)
    (folder / "rows.bin").write_bytes(image.tobytes())
    status = (folder / "rows.bin").stat()
    np.savez(
        folder / "index.npz",
        digests=np.array([bytes.fromhex(digest(1))], "S32"),
        offsets=np.array([0]),
        shapes=np.array([[2, 5, 3]]),
        written=np.array([status.st_size, status.st_mtime_ns]),
    )
    found = store.rows([digest(1)], lambda _: pytest.fail("it is there"))
    assert np.array_equal(found.column("pixels")[0], image)


def test_nothing_is_no_error(store):
    assert len(rows(store, [])) == 0


@pytest.mark.parametrize(
    "damage",
    [
        lambda chunk: os.truncate(chunk / "rows.bin", 10),
        lambda chunk: (chunk / "rows.bin").unlink(),
        lambda chunk: (chunk / "index.npz").unlink(),
        lambda chunk: (chunk / "index.npz").write_bytes(b"rubbish"),
        lambda chunk: os.truncate(chunk / "index.npz", 100),
        lambda chunk: (chunk / "rows.bin").write_bytes(bytes(32)),
        lambda chunk: kept.throw_away(chunk),
    ],
    ids=["cut", "no rows", "no index", "rubbish index", "cut index", "other rows", "gone"],
)
def test_damage_is_seen_and_only_what_was_lost_is_made_again(store, damage):
    rows(store, [1, 2])
    (first,) = chunks(store)
    rows(store, [3])
    damage(first)
    made = []
    assert rows(store, [1, 2, 3], made).take(np.arange(3))["x"][:, 0].tolist() == [1, 2, 3]
    assert made == [1, 2]


def test_giving_up_keeps_the_chunks_that_were_whole(store, monkeypatch):
    monkeypatch.setattr(kept, "CHUNK_BYTES", 2 * row(0)["x"].nbytes)

    def make(numbers):
        for number in numbers:
            if number == 5:
                raise KeyboardInterrupt
            yield row(number)

    with pytest.raises(KeyboardInterrupt):
        store.rows([digest(number) for number in range(8)], make)
    assert store.missing([digest(number) for number in range(8)]).tolist() == [4, 5, 6, 7]
    assert not [path for path in chunks(store) if path.name.startswith(".")]


def test_many_small_chunks_are_joined(store, monkeypatch):
    monkeypatch.setattr(kept, "MOST_CHUNKS", 4)
    for number in range(7):
        rows(store, [number])
    assert len(chunks(store)) <= 4
    assert rows(store, [*range(7)], made := []).take(np.arange(7))["x"][:, 0].tolist() == [*range(7)]
    assert made == []


def test_two_at_once_do_no_harm(workspace):
    def work(turn):
        store = Store(workspace, "activations", "setting", {"x": np.float32})
        numbers = np.random.default_rng(turn).permutation(40).tolist()
        return [
            rows(store, numbers[:size]).take(np.arange(size))["x"][:, 0].tolist() == numbers[:size] for size in (9, 40)
        ]

    with ThreadPoolExecutor(4) as pool:
        assert all(all(right) for right in pool.map(work, range(8)))


def test_what_is_open_is_in_use_and_stays_readable(store, workspace):
    found = rows(store, [1, 2])
    (chunk,) = chunks(store)
    assert in_use(workspace) == {chunk}
    kept.throw_away(chunk)
    assert found[1]["x"][0] == 2
    store.use = None
    del found
    assert in_use(workspace) == set()


def test_a_hundred_thousand_rows_are_found_quickly(store, monkeypatch):
    digests = [digest(number) for number in range(100_000)]
    monkeypatch.setattr(kept, "CHUNK_BYTES", 40_000)
    store.rows(digests, lambda numbers: (row(number, (1,)) for number in numbers))
    began = time.process_time()
    found = store.rows(digests[::-1], lambda numbers: pytest.fail("nothing is missing"))
    assert time.process_time() - began < 1
    assert found[0]["x"][0] == 99_999


@pytest.mark.parametrize("how", ["all", "the setting", "the chunks", "the rows", "the indexes", "emptied"])
@pytest.mark.parametrize("when", ["between chunks", "at every row"])
def test_a_cache_that_vanishes_while_it_is_filled_costs_nothing(workspace, store, monkeypatch, how, when):
    monkeypatch.setattr(kept, "CHUNK_BYTES", 5 * 16)
    rows(store, [0, 1, 2])
    made = []

    def vanish():
        chunks = [path for path in store.folder.glob("*") if path.is_dir()]
        if how == "all":
            shutil.rmtree(workspace.cache, ignore_errors=True)
        elif how == "the setting":
            shutil.rmtree(store.folder, ignore_errors=True)
        elif how == "the chunks":
            for chunk in chunks:
                shutil.rmtree(chunk)
        elif how == "emptied":
            empty(workspace)
        else:
            for chunk in chunks:
                (chunk / ("rows.bin" if how == "the rows" else "index.npz")).unlink(missing_ok=True)

    def make(missing):
        for number in missing:
            made.append(int(number))
            if when == "at every row" or len(made) % 5 == 1:
                vanish()
            yield row(number)

    found = store.rows([digest(number) for number in range(23)], make)
    assert found.take(np.arange(23))["x"][:, 0].tolist() == list(range(23))
    assert sorted(made) == sorted([*range(3, 23), *(number for number in (0, 1, 2) if made.count(number))])
    assert not found.is_damaged()
    shutil.rmtree(workspace.cache, ignore_errors=True)
    assert [float(found[number]["x"][0]) for number in range(23)] == list(range(23))
    again = []
    rows(store, [0, 1], again)
    assert again == [0, 1]


def test_the_last_rows_of_a_making_vanish_before_they_are_mapped(workspace, store, monkeypatch):
    plain = Store._find

    def vanishing(self, wanted):
        found = plain(self, wanted)
        shutil.rmtree(workspace.cache, ignore_errors=True)
        return found

    rows(store, [1, 2])
    monkeypatch.setattr(Store, "_find", vanishing)
    found = rows(store, [1, 2, 3])
    assert found.take(np.arange(3))["x"][:, 0].tolist() == [1, 2, 3]
