import pytest

from core.data.changes import leave_out
from core.data.tags import LONGEST, tag, tags_of, untag
from core.errors import DataError
from core.importing.importing import import_path


@pytest.fixture
def dataset(workspace, make_zip):
    return import_path(workspace, make_zip({"red": 4, "blue": 4}))


def test_a_tag_is_put_on_examples_and_taken_from_them(dataset):
    names = dataset.frame["name"].tolist()
    assert tags_of(dataset) == {}
    tag(dataset, names[:3], "blurry")
    tag(dataset, names[2:4], "blurry")
    tag(dataset, names[:1], "at night")
    assert tags_of(dataset) == {"at night": {names[0]}, "blurry": set(names[:4])}
    untag(dataset, names[1:4], "blurry")
    untag(dataset, names, "at night")
    assert tags_of(dataset) == {"blurry": {names[0]}}, "a tag that none has is gone"


def test_all_versions_have_the_same_tags(workspace, dataset):
    tag(dataset, dataset.frame["name"].iloc[:2], "blurry")
    changed = leave_out(workspace, dataset, [dataset.frame["name"].iloc[0]])
    assert tags_of(changed) == tags_of(dataset)


def test_a_tag_is_any_words_on_one_line(dataset):
    (name,) = dataset.frame["name"].iloc[:1]
    assert tag(dataset, [name], " <b>\u202eno</b>\n ") == "<b>no</b>"
    assert len(tag(dataset, [name], "x" * 999)) == LONGEST
    with pytest.raises(DataError, match="at least one letter"):
        tag(dataset, [name], " \u200b ")


def test_damaged_tags_are_none_and_can_be_made_again(dataset):
    (dataset.directory / "tags.json").write_text('{"blurry": 3}')
    assert tags_of(dataset) == {}
    tag(dataset, dataset.frame["name"].iloc[:1], "blurry")
    assert len(tags_of(dataset)["blurry"]) == 1
