from __future__ import annotations

import pytest

from core.runs import launching
from core.training.process import queue
from core.workspace import Workspace


@pytest.fixture
def two(tmp_path) -> list[Workspace]:
    """Of two people, who share what is expensive."""
    return [Workspace.open(tmp_path / name, shared=tmp_path / "shared") for name in ("ada", "bob")]


def run_in(workspace: Workspace, name: str):
    directory = workspace.runs / name
    directory.mkdir()
    return directory


def test_runs_of_one_workspace_wait_in_the_order_of_their_launches(workspace):
    first, second, third = (run_in(workspace, name) for name in ("b", "a", "c"))
    for directory in (first, second, third):
        queue.join(directory)
    assert [queue.ahead_of(each) for each in (first, second, third)] == [0, 1, 2]
    queue.join(first)  # resumed: at the end again
    assert [queue.ahead_of(each) for each in (first, second, third)] == [2, 0, 1]


def test_two_people_wait_in_one_queue_for_one_device(two):
    runs = [run_in(two[0], "x"), run_in(two[1], "x"), run_in(two[0], "y")]
    for directory in runs:
        queue.join(directory)
    assert [queue.ahead_of(each) for each in runs] == [0, 1, 2]
    assert all(map(queue.is_anybody_waiting, two))
    with queue.device_lock(two[0]):
        assert queue.device_lock(two[1]).lock_file == queue.device_lock(two[0]).lock_file


def test_who_is_through_is_in_nobodys_way_and_leaves_the_queue(two):
    done, waits = run_in(two[0], "done"), run_in(two[1], "waits")
    queue.join(done)
    (done / "events.jsonl").write_text("a word\n")  # it has begun, and no worker lives
    queue.join(waits)
    assert queue.ahead_of(waits) == 0
    assert [path.name for path in (two[0].shared / "queue").iterdir()] == ["2"]


@pytest.mark.parametrize("written", ["", "{}", "[1]", '{"run": 3}', "\x00"])
def test_a_damaged_place_stops_nobody(workspace, written):
    directory = run_in(workspace, "x")
    queue.join(directory)
    (workspace.shared / "queue" / "0").write_text(written)
    assert queue.ahead_of(directory) == 0
    queue.join(directory)


def test_a_run_of_one_keeps_the_workers_of_others_from_standing_by(two, monkeypatch):
    monkeypatch.setattr(launching.standby, "keep_one", lambda *_: pytest.fail("the processor is needed"))
    with queue.device_lock(two[0]):
        launching.expect_start(two[1], "efficientnet_lite0")


def test_a_run_that_an_earlier_version_queued_is_waited_for(workspace):
    earlier, new = run_in(workspace, "a"), run_in(workspace, "b")
    queue.join(earlier)
    (workspace.shared / "queue" / "1").unlink()
    queue.join(new)
    assert queue.ahead_of(new) == 1 and queue.is_anybody_waiting(workspace)
