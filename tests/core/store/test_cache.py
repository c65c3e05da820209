"""The cache keeps within its budget, what is in use stays, and emptying it is safe."""

from __future__ import annotations

import hashlib
import os

import numpy as np
import pytest
from filelock import FileLock

from core.errors import DataError
from core.store import cache
from core.store.rows import Store


def keep(workspace, setting, number=0, size=250):
    """A chunk of about 1 kB and its index; in use while what is returned lives."""
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    store = Store(workspace, "activations", setting, {"x": np.float32})
    return store.rows([digest], lambda _: [{"x": np.zeros(size, np.float32)}])


def age(workspace, setting, seconds):
    for chunk in (workspace.cache / "activations" / setting).iterdir():
        os.utime(chunk, (seconds, seconds))


def settings(workspace):
    return {path.name for path in (workspace.cache / "activations").iterdir()}


def total(workspace):
    return sum(cache.sizes(workspace).values())


def test_what_was_used_longest_ago_goes_first(workspace, monkeypatch):
    for number, setting in enumerate(["b", "a", "c"]):
        keep(workspace, setting)
        age(workspace, setting, 1000 + number)
    monkeypatch.setenv("GRAFT_CACHE_BYTES", str(total(workspace)))
    assert cache.make_room(workspace, 10)
    assert settings(workspace) == {"a", "c"}


def test_using_it_makes_it_the_newest(workspace, monkeypatch):
    for setting in "ab":
        keep(workspace, setting)
        age(workspace, setting, 1000 if setting == "a" else 2000)
    keep(workspace, "a")
    monkeypatch.setenv("GRAFT_CACHE_BYTES", str(total(workspace)))
    assert cache.make_room(workspace, 10)
    assert settings(workspace) == {"a"}


def test_what_is_in_use_stays_and_what_cannot_fit_throws_nothing_away(workspace, monkeypatch):
    used = keep(workspace, "used")
    keep(workspace, "idle")
    age(workspace, "used", 1000)
    monkeypatch.setenv("GRAFT_CACHE_BYTES", str(total(workspace)))
    assert not cache.make_room(workspace, total(workspace) + 1)
    assert settings(workspace) == {"used", "idle"}
    assert cache.make_room(workspace, 10)
    assert settings(workspace) == {"used"}
    assert not cache.make_room(workspace, 3000)
    assert len(used) == 1


def test_emptying_spares_weights_unless_asked_and_what_is_open_stays_readable(workspace):
    used = keep(workspace, "used")
    weights = workspace.cache / "weights"
    weights.mkdir()
    (weights / "net.pth").write_bytes(bytes(100))
    assert cache.empty(workspace) > 1000
    assert used[0]["x"].tolist() == [0] * 250
    assert cache.sizes(workspace) == {**dict.fromkeys(cache.EVICTABLE, 0), "weights": 100}
    assert cache.empty(workspace, weights=True) == 100


def test_emptying_spares_what_is_being_fetched(workspace):
    for key in ("mnist", "dtd"):
        (workspace.cache / "published" / key / "files").mkdir(parents=True)
        (workspace.cache / "published" / key / "files" / "half.part").write_bytes(bytes(100))
    with FileLock(workspace.cache / "published" / "dtd.lock"):
        assert cache.empty(workspace) == 100
    assert [path.name for path in (workspace.cache / "published").iterdir() if path.is_dir()] == ["dtd"]


def test_what_killed_processes_left_is_cleared(workspace):
    keep(workspace, "a")
    for left in ("upload-123", "activations/a/.half"):
        (workspace.cache / left).mkdir()
    (workspace.cache / "users" / "dead.txt").write_text("activations/a/x\n")
    (workspace.cache / "users" / "dead.lock").touch()
    cache.clear_leftovers(workspace)
    assert not (workspace.cache / "upload-123").exists()
    assert not (workspace.cache / "activations" / "a" / ".half").exists()
    assert list((workspace.cache / "users").iterdir()) == []


def test_caches_of_earlier_versions_count_and_go(workspace):
    (workspace.cache / "activations").mkdir()
    (workspace.cache / "activations" / "old.npy").write_bytes(bytes(100))
    (workspace.cache / "images" / "old").mkdir(parents=True)
    (workspace.cache / "images" / "old" / "pixels.bin").write_bytes(bytes(50))
    assert cache.empty(workspace) == 150


def test_the_budget(workspace, monkeypatch):
    monkeypatch.delenv("GRAFT_CACHE_BYTES", raising=False)
    assert 0 < cache.budget(workspace) <= 20 * 10**9
    monkeypatch.setenv("GRAFT_CACHE_BYTES", "much")
    with pytest.raises(DataError, match="'much'; give a whole number of bytes"):
        cache.budget(workspace)
