"""Datasets on disk: loaded, split anew, deleted; never changed."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.data.changes import resplit
from core.data.dataset import delete_dataset, find_dataset, list_datasets, load_dataset
from core.errors import DataError, WorkspaceError
from core.importing.importing import import_path
from core.workspace import write_json


@pytest.fixture
def dataset(workspace, make_zip):
    return import_path(workspace, make_zip({"red": 10, "blue": 20}))


def test_a_new_split_is_a_new_version_and_the_old_one_stays(workspace, dataset):
    made = resplit(workspace, dataset, validation=0.3, test=0.1, seed=7)
    assert made.version == 2 and made.id == dataset.id and made.split.seed == 7 and not made.split.given
    assert made.counts().loc["blue"].to_dict() == {"train": 12, "validation": 6, "test": 2}
    assert made.report.splits == {"train": 18, "validation": 9, "test": 3}
    assert load_dataset(workspace, dataset.id).version == 2
    old = load_dataset(workspace, dataset.id, 1)
    assert old.frame.equals(dataset.frame) and old.report == dataset.report
    assert sorted(old.frame["image"]) == sorted(made.frame["image"])


@pytest.mark.parametrize(
    ("said", "version"), [("Pets", 2), ("Pets@1", 1), ("{id}", 2), ("{id}@1", 1), ("a@b", 1), ("a@b@1", 1)]
)
def test_a_dataset_is_called_by_its_name_or_its_id(workspace, make_zip, said, version):
    pets = import_path(workspace, make_zip({"red": 10, "blue": 20}), name="Pets")
    resplit(workspace, pets, validation=0.3, test=0.1, seed=7)
    import_path(workspace, make_zip({"a": 2, "b": 2}), name="a@b")
    found = find_dataset(workspace, said.format(id=pets.id))
    assert (found.name, found.version) == ("a@b" if "b" in said[:3] else "Pets", version)


@pytest.mark.parametrize(
    ("said", "words"), [("Pest", "mean 'Pets'"), ("Twin", "2 datasets are called"), ("Pets@9", "no version 9")]
)
def test_a_dataset_that_cannot_be_told_is_refused_in_words(workspace, make_zip, said, words):
    for number, name in enumerate(("Pets", "Twin", "Twin")):
        import_path(workspace, make_zip({"red": 3 + number, "blue": 3}), name=name)
    with pytest.raises(DataError, match=words):
        find_dataset(workspace, said)


def test_the_same_seed_splits_the_same(workspace, dataset):
    versions = [resplit(workspace, dataset, validation=0.3, test=0.0, seed=seed) for seed in (1, 1, 2)]
    first, again, other = (list(version.frame["split"]) for version in versions)
    assert first == again != other


def test_two_splits_at_once_are_two_versions(workspace, dataset):
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(resplit, workspace, dataset, validation=0.2, test=0.0, seed=seed) for seed in range(4)]
        made = {job.result().version: job.result().split.seed for job in jobs}
    assert sorted(made) == [2, 3, 4, 5] and sorted(made.values()) == [0, 1, 2, 3]


def test_impossible_shares_are_refused_in_words(workspace, dataset):
    with pytest.raises(DataError, match="Validation 60% and test 40% leave too little"):
        resplit(workspace, dataset, validation=0.6, test=0.4, seed=0)


def test_how_many_examples_each_split_has(dataset):
    assert dataset.sizes == {split: len(dataset.part(split)) for split in ("train", "validation", "test")}
    assert dataset.sizes["train"] > 0


def test_counts_have_every_class_and_split(dataset):
    counts = dataset.counts()
    assert list(counts.index) == ["blue", "red"] and list(counts.columns) == ["train", "validation", "test"]
    assert counts.to_numpy().tolist() == [[16, 4, 0], [8, 2, 0]]


def test_the_list_is_newest_first_and_skips_what_is_none(workspace, make_zip, dataset):
    newer = import_path(workspace, make_zip({"a": 2, "b": 2}))
    path = newer.directory / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"created": "2099-01-01T00:00:00"}))
    (workspace.datasets / "rubbish").mkdir()
    (workspace.datasets / "damaged").mkdir()
    (workspace.datasets / "damaged" / "dataset.json").write_text("[1]")
    first, second = list_datasets(workspace)
    assert (first.id, second.id) == (newer.id, dataset.id) and second.versions == (1,) and second.images == 30
    with pytest.raises(DataError, match="The dataset 'damaged' is damaged"):
        load_dataset(workspace, "damaged")


def test_what_is_not_there_is_said(workspace, dataset):
    with pytest.raises(DataError, match="There is no dataset 'gone'"):
        load_dataset(workspace, "gone")
    with pytest.raises(DataError, match="no version 9; it has 1"):
        load_dataset(workspace, dataset.id, 9)
    (dataset.directory / "versions" / "1.parquet").write_bytes(b"rubbish")
    with pytest.raises(DataError, match="is damaged; import it again"):
        load_dataset(workspace, dataset.id)


@pytest.mark.parametrize("name", ["../runs", "..", "/etc", "a/b", ""])
def test_an_id_never_leads_elsewhere(workspace, name):
    with pytest.raises(DataError):
        load_dataset(workspace, name)
    with pytest.raises(WorkspaceError):
        delete_dataset(workspace, name)


def test_deleted_is_gone_and_twice_is_no_error(workspace, dataset):
    delete_dataset(workspace, dataset.id)
    delete_dataset(workspace, dataset.id)
    assert list_datasets(workspace) == [] and not dataset.directory.exists()
    assert [path for path in workspace.datasets.iterdir() if path.is_dir()] == []


def test_a_dataset_of_the_first_graft_is_still_there(workspace, dataset):
    """Before there were numbers, copies and changes, less was written."""
    directory = dataset.directory
    said = {"name": "Old", "classes": ["blue", "red"], "images": 30, "created": "2026-11-23T12:00:00"}
    write_json(directory / "dataset.json", said)
    write_json(directory / "versions" / "1.json", dataset.split.model_dump())
    old = dataset.frame.drop(columns=["group", "twins", "contrast", "mended"])
    old.to_parquet(directory / "versions" / "1.parquet")
    write_json(directory / "report.json", {"findings": [{"kind": "link", "title": "x", "why": "y"}]})
    (known,) = list_datasets(workspace)
    found = load_dataset(workspace, known.id)
    assert (known.kind, known.images, found.classes) == ("classes", 30, ("blue", "red"))
    assert found.report.images == 30 and [one.title for one in found.report.findings] == ["x"]
    write_json(directory / "report.json", {"findings": [{"title": "of no kind"}]})
    assert load_dataset(workspace, known.id).report.findings == []
    assert resplit(workspace, found, validation=0.3, test=0.0, seed=1).version == 2
