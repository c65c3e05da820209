import os
from datetime import UTC, datetime, timedelta

import pytest

from core.errors import WorkspaceError
from core.workspace import Workspace, atomic_open, contained, new_id, slug, write_json


def test_opening_makes_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("GRAFT_HOME", str(tmp_path / "home"))
    workspace = Workspace.open()
    assert workspace.root == tmp_path / "home"
    assert workspace.datasets.is_dir() and workspace.runs.is_dir() and workspace.cache.is_dir()


def test_a_workspace_that_cannot_be_made_says_what_to_do(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WorkspaceError, match="GRAFT_HOME"):
        Workspace.open(tmp_path / "file" / "below")


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"kept": True})
    with pytest.raises(TypeError), atomic_open(path) as file:
        file.write("half") and file.write(None)  # type: ignore[arg-type]
    assert "kept" in path.read_text()
    assert os.listdir(tmp_path) == ["a.json"]


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "/etc", "a\\b", "a\0b", "-rf", ".hidden", "a..b", "é"])
def test_names_that_could_lead_elsewhere_are_refused(tmp_path, name):
    with pytest.raises(WorkspaceError):
        contained(tmp_path, name)


def test_any_name_makes_a_safe_id(tmp_path):
    for name in ("Crème brûlée", "../../etc", "😀", "x" * 500, ""):
        assert contained(tmp_path, new_id(name, tmp_path)).parent == tmp_path
    assert slug("Crème brûlée!") == "creme-brulee"


@pytest.mark.parametrize("path", ["loop", "loop/below"])
def test_a_workspace_behind_a_link_that_leads_to_itself_is_told(tmp_path, path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(WorkspaceError, match="GRAFT_HOME"):
        Workspace.open(tmp_path / path)


class Clock:
    """Says what it is told, in UTC; what local time that is does not matter."""

    def __init__(self, *moments):
        self.moments = iter(moments)

    def now(self, zone=None):
        assert zone is UTC, "each autumn one hour of local time comes twice"
        return next(self.moments).replace(tzinfo=UTC)

    strptime = datetime.strptime


@pytest.mark.parametrize(
    "moments",
    [
        [datetime(2026, 1, 1, 12), datetime(2026, 1, 1, 12)],
        [datetime(2026, 1, 1, 12), datetime(2026, 1, 1, 11), datetime(2026, 1, 1, 11, 30), datetime(2026, 1, 2)],
        [datetime(2036, 1, 1), datetime(1970, 1, 1), datetime(2026, 12, 31, 23, 59, 59), datetime(2037, 1, 1)],
    ],
)
def test_ids_sort_as_they_were_made_whatever_the_clock_says(tmp_path, monkeypatch, moments):
    monkeypatch.setattr("core.workspace.datetime", Clock(*moments))
    made = []
    for number in range(len(moments)):
        made.append(new_id(f"{'zyxw'[number]}-dataset", tmp_path))
        (tmp_path / made[-1]).mkdir()
    assert sorted(os.listdir(tmp_path)) == made


def test_an_id_sorts_behind_those_of_earlier_versions_in_local_time(tmp_path):
    ahead = f"{datetime.now(UTC) + timedelta(hours=13):%Y%m%d-%H%M%S}-flowers-9f3a"
    for name in (ahead, "99999999-999999", "20260231-250000-x-1", "notes", ".hidden"):
        (tmp_path / name).mkdir()
    made = new_id("flowers", tmp_path)
    assert made > ahead and contained(tmp_path, made)


@pytest.mark.parametrize("name", ["99999999-999999-x-1", "99991231-235959-x-1", "20260231-000000-x-1"])
def test_an_id_that_is_no_moment_stops_nobody(tmp_path, name):
    (tmp_path / name).mkdir()
    assert contained(tmp_path, new_id("flowers", tmp_path))


def test_what_is_expensive_is_shared_and_what_is_somebodys_is_not(tmp_path):
    ada, bob = (Workspace.open(tmp_path / name, shared=tmp_path / "all") for name in ("ada", "bob"))
    assert ada.cache == bob.cache == tmp_path / "all" / "cache"
    for own in ("root", "datasets", "runs", "jobs"):
        assert getattr(ada, own) != getattr(bob, own)
    assert Workspace.open(tmp_path / "ada") == Workspace.at(tmp_path / "ada") == ada  # known from now on


@pytest.mark.parametrize("written", ["", "[]", '{"shared": 3}', "{}", "null"])
def test_without_a_word_of_another_place_all_is_in_one_folder(tmp_path, written):
    alone = Workspace.open(tmp_path / "ada")
    (alone.root / "workspace.json").write_text(written)
    assert Workspace.at(alone.root).shared == alone.root and Workspace.open(alone.root).cache == alone.root / "cache"
