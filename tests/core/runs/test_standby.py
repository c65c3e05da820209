"""A worker that stands by, as a real process."""

import os
import subprocess
import sys
import time

import pytest

from core import runs
from core.importing.importing import import_path
from core.processes import is_held
from core.training.process import standby
from core.training.recipe import Recipe
from tests.polling import poll


@pytest.fixture
def place(workspace, monkeypatch):
    """Where a worker stands by; it is gone when the test is."""
    monkeypatch.delenv("GRAFT_STANDBY")
    runs.expect_start(workspace, "efficientnet_lite0")
    (made,) = (workspace.root / "standby").glob("*/")
    yield made
    os.utime(workspace.root / "standby" / "wanted", (0, 0))
    poll(lambda: not made.exists())


def ready(place):
    poll(lambda: (place / "ready").exists(), lambda: (place / "standby.log").read_text())


def test_it_takes_a_run_and_carries_it_out_at_once(workspace, make_zip, place):
    dataset = import_path(workspace, make_zip({"red": 12, "blue": 12}))
    ready(place)
    runs.expect_start(workspace, "efficientnet_lite0")
    assert list((workspace.root / "standby").glob("*/")) == [place], "one is enough"
    recipe = Recipe(dataset=dataset.id, dataset_version=1, backbone="efficientnet_lite0", epochs=2)
    began = time.monotonic()
    run = runs.start(workspace, recipe)
    assert not (place / "ready").exists()
    poll(lambda: not run.view().status.active, run.log_tail)
    view = run.view()
    assert (view.status.value, len(view.curve)) == ("finished", 2), run.log_tail()
    assert view.ended.seconds < time.monotonic() - began
    assert not standby.hand_over(workspace, run.directory), "it has left the place"


def test_one_that_began_under_other_circumstances_is_not_used(workspace, place, monkeypatch):
    ready(place)
    monkeypatch.setenv("GRAFT_CACHE_BYTES", "5")
    assert not standby.hand_over(workspace, workspace.runs / "a")
    assert (place / "ready").exists()


def test_it_leaves_when_nobody_wants_it(workspace, place):
    ready(place)
    assert is_held(place / "lock")
    os.utime(workspace.root / "standby" / "wanted", (0, 0))
    poll(lambda: not place.exists())


OWNER = """
import sys
from core import runs
from core.workspace import Workspace
runs.expect_start(Workspace.open(sys.argv[1]), "efficientnet_lite0")
sys.stdin.read()
"""


@pytest.mark.parametrize("while_importing", [True, False])
def test_it_leaves_at_once_when_its_owner_is_killed(workspace, monkeypatch, while_importing):
    monkeypatch.delenv("GRAFT_STANDBY")
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(workspace.root)], stdin=subprocess.PIPE)
    poll(lambda: list((workspace.root / "standby").glob("*/lock")))
    (place,) = (workspace.root / "standby").glob("*/")
    poll(lambda: is_held(place / "lock"))
    if not while_importing:
        ready(place)
    owner.kill()
    owner.communicate()
    began = time.monotonic()
    poll(lambda: not place.exists())
    assert time.monotonic() - began < standby.SECONDS_WANTED / 6


def test_none_stands_by_where_none_is_wanted_or_a_run_is_at_work(workspace, monkeypatch):
    from core.training.process.queue import device_lock

    runs.expect_start(workspace, "efficientnet_lite0")
    monkeypatch.delenv("GRAFT_STANDBY")
    with device_lock(workspace):
        runs.expect_start(workspace, "efficientnet_lite0")
    assert not (workspace.root / "standby").exists()
