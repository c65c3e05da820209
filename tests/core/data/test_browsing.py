import pytest

from core.data.browsing import first_of_each, matching, orders, page_of, pages
from core.finding import Finding
from core.importing.importing import import_path
from tests.conftest import image


@pytest.fixture
def dataset(workspace, make_zip):
    files = {
        "train/cat/a*.jpg": image("cat", 1),
        "train/cat/b.JPG": image("cat", 2, size=(90, 80)),
        "train/dog/É1.jpg": image("dog", 3),
        "val/dog/c.jpg": image("dog", 4, size=(20, 30)),
        "val/cat/d.jpg": image("cat", 5),
    }
    return import_path(workspace, make_zip(files=files))


def short(frame):
    return [name.rsplit("/", 1)[-1] for name in frame["name"]]


def test_nothing_asked_gives_all_by_name(dataset):
    assert short(matching(dataset)) == ["a*.jpg", "b.JPG", "É1.jpg", "d.jpg", "c.jpg"]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"label": "dog"}, ["É1.jpg", "c.jpg"]),
        ({"label": "dog", "split": "validation"}, ["c.jpg"]),
        ({"split": "train", "text": "cat/"}, ["a*.jpg", "b.JPG"]),
        ({"text": "a*"}, ["a*.jpg"]),
        ({"text": "."}, ["a*.jpg", "b.JPG", "É1.jpg", "d.jpg", "c.jpg"]),
        ({"text": "b.jpg"}, ["b.JPG"]),
        ({"text": "é1"}, ["É1.jpg"]),
        ({"text": "zebra"}, []),
        ({"finding": Finding(kind="leak", title="", why="", files=["val/cat/d.jpg", "gone.jpg"])}, ["d.jpg"]),
    ],
)
def test_filters_narrow_together_and_the_search_is_literal(dataset, filters, names):
    assert short(matching(dataset, **filters)) == names


def test_sorted_by_size(dataset):
    assert short(matching(dataset, order="largest"))[0] == "b.JPG"
    assert short(matching(dataset, order="smallest"))[0] == "c.jpg"


def test_numbers_can_be_sorted_by_where_there_are_some(dataset, workspace, make_zip):
    assert orders(dataset) == ("name", "smallest", "largest")
    table = b"path,price\n" + b"".join(b"%d.jpg,%d.5\n" % (number, 9 - number) for number in range(5))
    files = {f"{number}.jpg": image("red", number) for number in range(5)} | {"prices.csv": table}
    priced = import_path(workspace, make_zip(files=files, name="priced.zip"))
    assert orders(priced)[:3] == ("lowest", "highest", "name")
    assert short(matching(priced, order="lowest")) == [f"{number}.jpg" for number in (4, 3, 2, 1, 0)]


def test_pages_hold_all_and_the_last_one_ends(dataset):
    found = matching(dataset)
    assert [pages(count, 2) for count in (0, 1, 2, 3)] == [1, 1, 1, 2]
    assert [len(page_of(found, number, 2)) for number in (1, 2, 3)] == [2, 2, 1]
    assert short(page_of(found, 99, 2)) == short(page_of(found, 3, 2)) == short(found)[-1:]


def test_a_few_of_each_class(dataset):
    few = first_of_each(dataset, ["dog", "cat"], 2)
    assert {label: short(rows) for label, rows in few.items()} == {
        "dog": ["É1.jpg", "c.jpg"],
        "cat": ["a*.jpg", "b.JPG"],
    }
