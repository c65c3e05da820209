from concurrent.futures import ThreadPoolExecutor

from filelock import FileLock

from core.processes import is_held, take


def test_a_lock_is_held_until_it_is_released(tmp_path):
    path = tmp_path / "some.lock"
    assert not is_held(path)
    with FileLock(path):
        assert is_held(path)
        assert not take(FileLock(path))
    assert not is_held(path)


def test_those_who_only_look_do_not_see_each_other(tmp_path):
    """A page that asks whether a run lives must not be told yes because another page asks the same."""
    path = tmp_path / "some.lock"
    path.touch()
    with ThreadPoolExecutor(8) as pool:
        assert not any(pool.map(lambda _: is_held(path), range(4000)))
