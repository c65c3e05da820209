import pytest

from core.data.changes import leave_out, move, relabel
from core.data.compared import changes_between, common
from core.importing.importing import import_path


@pytest.fixture
def dataset(workspace, make_zip):
    return import_path(workspace, make_zip({"red": 10, "blue": 10}))


def test_what_was_done_between_versions_is_counted(workspace, dataset):
    validation = dataset.part("validation")["name"].tolist()
    train = dataset.part("train")["name"].tolist()
    assert changes_between(dataset, dataset).words == ""
    now = relabel(workspace, dataset, train[:2], "green")
    assert changes_between(dataset, now).words == "2 images relabeled"
    now = leave_out(workspace, now, train[3:4])
    now = move(workspace, now, validation[:1], "train")
    assert changes_between(dataset, now).words == "2 images relabeled, 1 moved, 1 left out"
    assert changes_between(now, dataset).added == 1


def test_mending_leaves_the_validation_part_as_it_is(workspace, dataset):
    many = len(dataset.part("validation"))
    mended = relabel(workspace, dataset, dataset.part("train")["name"].iloc[:3], "green")
    assert common(dataset, mended, "validation") == (many, many, many)
    mended = relabel(workspace, mended, dataset.part("validation")["name"].iloc[:1], "green")
    assert common(dataset, mended, "validation") == (many, many, many), "by content, whatever its label is"
    less = leave_out(workspace, mended, dataset.part("validation")["name"].iloc[:1])
    assert common(dataset, less, "validation") == (many - 1, many, many - 1)
