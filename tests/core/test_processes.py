import os
import platform
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from filelock import FileLock

from core.processes import is_held, launch, sign, signed, take


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


def test_a_process_is_known_by_its_number_and_its_machine(tmp_path):
    path = tmp_path / "pid"
    sign(path)
    assert signed(path) == (os.getpid(), "")
    path.write_text(f"12 {platform.node()}.elsewhere\n")
    assert signed(path) == (12, f"{platform.node()}.elsewhere")
    path.write_text("12\n")  # as earlier versions wrote it
    assert signed(path) == (12, "")


@pytest.mark.parametrize(("said", "waits"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_what_is_launched_shares_the_cores_unless_told_otherwise(tmp_path, monkeypatch, said, waits):
    monkeypatch.delenv("OMP_WAIT_POLICY")
    if said:
        monkeypatch.setenv("OMP_WAIT_POLICY", said)
    monkeypatch.setenv("RANK", "1")  # as in a cluster's shell: it is not about Graft's workers
    (tmp_path / "tell.py").write_text("import os; print(os.environ['OMP_WAIT_POLICY'], os.environ.get('RANK'))")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    assert launch("tell", tmp_path, "said.log").wait(timeout=60) == 0
    assert (tmp_path / "said.log").read_text().split() == [waits, "None"]
