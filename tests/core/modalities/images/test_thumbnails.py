import io

import pytest
from PIL import Image

from core.errors import DataError
from core.modalities.images import thumbnails as module
from core.modalities.images.thumbnails import BROKEN, LARGE, SIDE, large, thumbnails
from tests.conftest import image


@pytest.fixture
def paths(tmp_path):
    made = [tmp_path / f"{number}.jpg" for number in range(6)]
    for number, path in enumerate(made):
        path.write_bytes(image("red", number, size=(300, 200)))
    return made


def size(jpeg):
    return Image.open(io.BytesIO(jpeg)).size


def test_each_image_becomes_a_square_in_its_place(paths):
    made = thumbnails([paths[1], paths[0], paths[1]])
    assert {size(jpeg) for jpeg in made} == {(SIDE, SIDE)}
    assert made[0] == made[2] != made[1]


def test_what_is_gone_or_broken_is_told_and_spoils_nothing(paths, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"no image")
    gone, broken, fine = thumbnails([tmp_path / "gone.jpg", tmp_path / "broken.jpg", paths[0]])
    assert gone == broken == BROKEN and size(fine) == (SIDE, SIDE)


def test_a_file_that_comes_back_is_shown(paths, tmp_path):
    assert thumbnails([tmp_path / "late.jpg"]) == [BROKEN]
    (tmp_path / "late.jpg").write_bytes(paths[0].read_bytes())
    assert thumbnails([tmp_path / "late.jpg"]) == thumbnails([paths[0]])


def test_without_time_comes_what_is_remembered_and_one_more(paths):
    first = thumbnails(paths[:2])
    *again, third, fourth = thumbnails(paths[:4], seconds=0)
    assert again == first and size(third) == (SIDE, SIDE) and fourth is None
    assert thumbnails(paths[:4], seconds=0)[3]


def test_the_memory_is_bounded(paths, monkeypatch):
    monkeypatch.setattr(module, "REMEMBERED", 3)
    for path in paths:
        thumbnails([path])
    assert {path for path, _ in module._made} == set(paths[-3:])


def test_a_large_image_keeps_its_shape(tmp_path):
    (tmp_path / "wide.jpg").write_bytes(image("red", size=(2600, 1300)))
    assert size(large(tmp_path / "wide.jpg")) == (LARGE, LARGE // 2)
    with pytest.raises(DataError, match="not there any more"):
        large(tmp_path / "gone.jpg")
