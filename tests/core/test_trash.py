"""What is deleted can be taken back for some days, and keeps its name for ever."""

import json
import time

import pytest

from core import trash
from core.errors import WorkspaceError


@pytest.fixture
def thing(workspace):
    """A dataset of two files and 7 bytes, as far as the trash can see."""
    folder = workspace.datasets / "d1" / "images"
    folder.mkdir(parents=True)
    (folder / "a").write_text("four")
    (folder.parent / "dataset.json").write_text("two")
    return folder.parent


def test_what_is_deleted_is_gone_at_once_and_can_be_taken_back(workspace, thing):
    made = trash.put(workspace, "dataset", "d1", "Pets <b>")
    assert not thing.exists() and (made.title, made.bytes, made.days_left) == ("Pets <b>", 7, 14)
    assert trash.listed(workspace) == [made] and trash.size(workspace) == 7
    trash.restore(workspace, made.id)
    assert (thing / "images" / "a").read_text() == "four" and trash.listed(workspace) == []


def test_someone_else_was_quicker(workspace, thing):
    made = trash.put(workspace, "dataset", "d1", "Pets")
    assert trash.put(workspace, "dataset", "d1", "Pets") is None
    assert trash.listed(workspace) == [made]
    trash.restore(workspace, made.id)
    with pytest.raises(WorkspaceError, match="not in the trash any more"):
        trash.restore(workspace, made.id)


def test_nothing_is_written_over_by_what_comes_back(workspace, thing):
    made = trash.put(workspace, "dataset", "d1", "Pets")
    thing.mkdir()
    with pytest.raises(WorkspaceError, match="there is one of its name, d1"):
        trash.restore(workspace, made.id)
    assert trash.listed(workspace) == [made]


def test_it_goes_for_good_after_its_days_or_when_asked(workspace, thing):
    made = trash.put(workspace, "dataset", "d1", "Pets")
    assert trash.empty(workspace, older_than=trash.days_kept()) == 0
    entry = workspace.root / "trash" / made.id
    said = json.loads((entry / "trashed.json").read_text())
    (entry / "trashed.json").write_text(json.dumps({**said, "when": time.time() - 15 * trash.DAY}))
    assert trash.empty(workspace, older_than=trash.days_kept()) == 7
    assert trash.listed(workspace) == [] and not entry.exists()


def test_what_is_gone_for_good_keeps_its_name(workspace, thing):
    assert trash.last_title(workspace, "dataset", "d1") is None
    trash.put(workspace, "dataset", "d1", "Pets")
    trash.empty(workspace)
    assert trash.last_title(workspace, "dataset", "d1") == "Pets"


def test_a_note_that_is_damaged_or_lacks_its_content_is_passed_over(workspace, thing):
    made = trash.put(workspace, "dataset", "d1", "Pets")
    for number, text in enumerate(("{", "[]", '{"kind": "moon"}')):
        (workspace.root / "trash" / f"x{number}" / "content").mkdir(parents=True)
        (workspace.root / "trash" / f"x{number}" / "trashed.json").write_text(text)
    assert trash.listed(workspace) == [made]


@pytest.mark.parametrize("name", ["..", "../runs", "a/b", ""])
def test_a_name_never_leads_elsewhere(workspace, name):
    with pytest.raises(WorkspaceError):
        trash.put(workspace, "run", name, "x")
    with pytest.raises(WorkspaceError):
        trash.restore(workspace, name)


def test_days_that_are_no_number_are_told(monkeypatch):
    monkeypatch.setenv("GRAFT_TRASH_DAYS", "soon")
    with pytest.raises(WorkspaceError, match="'soon'"):
        trash.days_kept()
