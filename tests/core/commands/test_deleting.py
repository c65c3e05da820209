"""Deleted and taken back from a shell."""

import json

import pytest

from core import trash
from core.backbones.language.folders import add_folder
from core.backbones.libraries import find
from core.backbones.weights import kept_bytes
from core.commands import main
from core.data.dataset import list_datasets
from core.errors import BackboneError
from core.importing.drafts.drafts import list_drafts, new_draft
from core.importing.importing import import_path
from core.runs import Run, list_runs
from core.runs.view import Status
from tests.core.backbones.language.tiny import write_folder
from tests.pages.made_runs import finished, made_run


@pytest.fixture
def dataset(workspace, make_zip):
    return import_path(workspace, make_zip({"red": 4, "blue": 4}), name="Pets")


def said(capsys):
    captured = capsys.readouterr()
    return captured.out, captured.err


def test_a_dataset_goes_to_the_trash_and_comes_back(workspace, dataset, capsys):
    assert main(["delete", "dataset", "Pets"]) == 0
    assert list_datasets(workspace) == [] and "In the trash, for 14 days: Pets" in said(capsys)[1]
    assert main(["trash"]) == 0
    assert "Pets" in said(capsys)[0]
    assert main(["trash", "restore"]) == 0
    assert [one.id for one in list_datasets(workspace)] == [dataset.id]


def test_each_kind_can_be_deleted_by_its_name(workspace, dataset, capsys):
    run = made_run(workspace, dataset.id, finished())
    main(["name", run.id, "First try"])
    new_draft(workspace, "Zoo")
    (workspace.root / "weights").mkdir()
    (workspace.root / "weights" / "mine.pth").write_bytes(b"1")
    for kind, name in (("run", "First try"), ("draft", "Zoo"), ("weights", "mine.pth")):
        assert main(["delete", kind, name, "--json"]) == 0
        assert json.loads(said(capsys)[0])["kind"] == kind
    assert (list_runs(workspace), list_drafts(workspace), len(trash.listed(workspace))) == ([], [], 3)
    assert main(["trash", "empty"]) == 0 and trash.listed(workspace) == []


def test_what_a_run_at_work_needs_is_not_deleted_without_a_word(workspace, dataset, capsys, monkeypatch):
    run, asked = made_run(workspace, dataset.id), []
    monkeypatch.setattr(Run, "_worker_lives", lambda self: not asked)
    monkeypatch.setattr(Run, "stop", lambda self: asked.append(self.id))
    for kind, name in (("dataset", "Pets"), ("run", run.id)):
        assert main(["delete", kind, name]) == 1
        assert "add --stop" in said(capsys)[1]
    assert main(["delete", "dataset", "Pets", "--stop"]) == 0
    assert asked == [run.id] and list_datasets(workspace) == [] and run.status is Status.INTERRUPTED


@pytest.mark.parametrize("kind", ["dataset", "run", "draft", "weights"])
def test_what_is_not_there_is_told_in_a_sentence(workspace, kind, capsys):
    assert main(["delete", kind, "no such thing"]) == 1
    assert "no such thing" in said(capsys)[1]
    assert main(["trash", "restore"]) == 1
    assert "nothing to take back" in said(capsys)[1]


def test_a_run_of_a_deleted_dataset_says_why_it_cannot_go_on(workspace, dataset, capsys):
    run = made_run(workspace, dataset.id)
    main(["delete", "dataset", "Pets"])
    assert main(["resume", run.id]) == 1
    assert "its dataset 'Pets' was deleted. Take it back from the trash first." in said(capsys)[1]


def test_a_backbone_of_ones_own_goes_to_the_trash_and_comes_back(workspace, tmp_path, capsys):
    info, _ = add_folder(workspace, write_folder(tmp_path / "own"))
    assert kept_bytes(workspace) > 50_000
    assert main(["delete", "weights", info.name, "--workspace", str(workspace.root)]) == 0
    with pytest.raises(BackboneError):
        find(info.name, workspace)
    assert main(["trash", "restore", "--workspace", str(workspace.root)]) == 0
    assert find(info.name, workspace) == info
