"""What lists show of runs is known without opening them, and never out of date."""

from __future__ import annotations

import os
import time

import pytest

from core.runs import Run, Status, index, index_of, list_runs
from core.runs.index import Index, in_short
from core.training.process import queue
from core.training.process.events import EventLog, Paused, Started
from tests.pages.made_runs import failed, finished, made_run


def aged(run: Run) -> Run:
    """The run as it is an hour later."""
    past = time.time() - 3600
    for path in (run.directory / "events.jsonl", run.directory):
        os.utime(path, (past, past))
    return run


def reopened(run: Run) -> Index:
    """The index of a process that starts now."""
    return Index(run.workspace)


@pytest.fixture
def opened(monkeypatch):
    """The runs whose events were read."""
    read: list[str] = []
    view = Run.view
    monkeypatch.setattr(Run, "view", lambda run, previous=None: read.append(run.id) or view(run, previous))
    return read


def test_it_shows_what_looking_at_each_run_shows(workspace):
    made_run(workspace, "d", finished(), name="20260101-120000-a")
    made_run(workspace, "d", failed(), name="20260101-120001-b")
    found, damaged = index_of(workspace).look()
    assert [run for run, _ in found] == list_runs(workspace) and not damaged
    assert [view.status for _, view in found] == [Status.FAILED, Status.FINISHED]


def test_a_run_that_has_ended_is_not_opened_again(workspace, opened):
    runs = Index(workspace)
    run = aged(made_run(workspace, "d", finished()))
    first, second = runs.look(), runs.look()
    assert opened == [run.id] and first == second


def test_the_next_server_does_not_open_it_either(workspace, opened):
    run = aged(made_run(workspace, "d", finished()))
    before = index_of(workspace).look()
    opened.clear()
    ((again, view),), _ = reopened(run).look()
    assert opened == [] and (again, view) == before[0][0]
    assert again.facts == run.facts and again.created == run.created


def test_a_view_in_a_list_has_the_best_epoch_and_the_last(workspace):
    run = made_run(workspace, "d", finished(), epochs=5)
    short = in_short(run.view())
    assert [row.epoch for row in short.curve] == [3, 5] and short.epochs_done == 5
    assert run.view(short) == run.view()  # and nobody goes on from it to a wrong one


@pytest.mark.parametrize("what", ["an event", "a launch", "a new file", "a renamed file", "a deletion"])
def test_whatever_happens_to_a_run_is_seen(workspace, what):
    run = aged(made_run(workspace, "d", finished()))
    (run.directory / "old.txt").touch()
    aged(run)
    runs = Index(workspace)
    runs.look()
    stamp = index._stamp(str(run.directory))
    if what == "an event":
        log = EventLog(run.directory / "events.jsonl")
        log.write(Started(device="CPU", epoch=3, epochs=9, trainable=1, total=2, note=""))
        log.close()
    elif what == "a launch":
        queue.join(run.directory)
    elif what == "a new file":
        (run.directory / "name.txt").write_text("Best one")
    elif what == "a renamed file":
        (run.directory / "old.txt").rename(run.directory / "new.txt")
    else:
        (run.directory / "old.txt").unlink()
    assert index._stamp(str(run.directory)) != stamp
    if what == "a launch":
        assert runs.look()[0][0][1].status.active


def test_a_run_that_was_touched_a_moment_ago_is_looked_at_again(workspace, opened):
    run = made_run(workspace, "d", finished())
    index_of(workspace).look()
    index_of(workspace).look()
    assert opened == [run.id] * 2


def test_a_deleted_run_is_gone_and_comes_back_when_it_is_put_back(workspace):
    run = aged(made_run(workspace, "d", finished()))
    runs = Index(workspace)
    before = runs.look()
    away = run.directory.rename(workspace.root / "away")
    assert runs.look() == ([], [])
    away.rename(run.directory)
    assert runs.look() == before


def test_a_paused_run_is_kept_as_paused(workspace):
    run = aged(made_run(workspace, "d", Paused(2.0, 3)))
    queue_file = run.directory / "control" / "launched"
    queue_file.write_text('{"number": 1, "told": 0}')
    os.utime(queue_file, (1, 1))
    aged(run)
    Index(workspace).look()
    assert reopened(run).look()[0][0][1].status is Status.PAUSED


def test_a_damaged_recipe_is_named_each_time(workspace):
    run = aged(made_run(workspace, "d", finished()))
    (run.directory / "recipe.json").write_text("{")
    for _ in range(2):
        found, ((damaged, words),) = index_of(workspace).look()
        assert not found and damaged.id == run.id and "discard the run" in words


@pytest.mark.parametrize("damage", [b"", b"[1]\n{\n", b'{"id": "x"}\n', b"\xff\n"])
def test_a_damaged_index_is_as_good_as_none(workspace, damage):
    run = aged(made_run(workspace, "d", finished()))
    before = index_of(workspace).look()
    (kept,) = (workspace.cache / "runs").iterdir()
    kept.write_bytes(damage)
    assert reopened(run).look() == before


def test_the_file_does_not_grow_for_ever(workspace, monkeypatch):
    monkeypatch.setattr(index, "SPARE_LINES", 3)
    run = made_run(workspace, "d", finished())
    runs = Index(workspace)
    for seconds in range(10, 20):
        os.utime(run.directory, (seconds, seconds))
        os.utime(run.directory / "events.jsonl", (seconds, seconds))
        runs.look()
    (kept,) = (workspace.cache / "runs").iterdir()
    assert len(kept.read_bytes().splitlines()) <= 4
