import os

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
