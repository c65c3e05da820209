"""The cache of decoded pictures: right, quick the second time, and never needed."""

from __future__ import annotations

import errno
import os

import numpy as np
import pytest

from core.data import pixels as module
from core.data.importing import ImportCancelled, import_path
from core.data.pixels import pixels
from core.data.preprocessing import Preprocessing, decode, shrink
from core.errors import DataError

SMALL = Preprocessing(size=16, resize=20, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


@pytest.fixture
def dataset(workspace, make_zip):
    return import_path(workspace, make_zip({"red": 6, "blue": 6}))


@pytest.fixture
def decoded(monkeypatch):
    """Counts the pictures that are decoded."""
    seen = []

    def counted(path, at_least=None):
        seen.append(path)
        return decode(path, at_least)

    monkeypatch.setattr(module, "decode", counted)
    return seen


def folders(workspace):
    return os.listdir(workspace.cache / "images") if (workspace.cache / "images").exists() else []


def test_each_picture_is_what_decoding_gives(workspace, dataset):
    kept = pixels(workspace, dataset, dataset.frame, SMALL)
    assert len(kept) == 12
    for number, image in enumerate(dataset.frame["image"]):
        assert np.array_equal(kept[number], shrink(decode(dataset.path(image)), SMALL))


def test_the_second_time_decodes_nothing(workspace, dataset, decoded):
    pixels(workspace, dataset, dataset.frame, SMALL)
    pixels(workspace, dataset, dataset.frame, SMALL.model_copy(update={"size": 18, "mean": (0.1, 0.2, 0.3)}))
    assert len(decoded) == 12 and len(folders(workspace)) == 1


@pytest.mark.parametrize("change", [{"resize": 24}, {"interpolation": "nearest"}])
def test_what_would_change_the_pixels_is_kept_apart(workspace, dataset, change):
    first = pixels(workspace, dataset, dataset.frame, SMALL)
    other = pixels(workspace, dataset, dataset.frame, SMALL.model_copy(update=change))
    assert not np.array_equal(first[0], other[0]) and len(folders(workspace)) == 2


@pytest.mark.parametrize("damage", ["cut", "no index", "rubbish index", "gone"])
def test_a_damaged_cache_is_made_again(workspace, dataset, damage):
    before = [picture.copy() for picture in pixels(workspace, dataset, dataset.frame, SMALL)]
    (folder,) = (workspace.cache / "images").iterdir()
    if damage == "cut":
        os.truncate(folder / "pixels.bin", 100)
    elif damage == "no index":
        (folder / "index.npy").unlink()
    elif damage == "rubbish index":
        (folder / "index.npy").write_bytes(b"rubbish")
    else:
        (folder / "pixels.bin").unlink()
    after = pixels(workspace, dataset, dataset.frame, SMALL)
    assert all(np.array_equal(*pair) for pair in zip(before, after))


def test_a_stopped_reading_leaves_nothing(workspace, dataset):
    seen = []
    with pytest.raises(ImportCancelled):
        pixels(workspace, dataset, dataset.frame, SMALL, progress=seen.append, cancelled=lambda: len(seen) == 3)
    assert folders(workspace) == []


def test_a_full_disk_is_said_and_leaves_nothing(workspace, dataset, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(DataError, match="The disk is full"):
        pixels(workspace, dataset, dataset.frame, SMALL)
    assert folders(workspace) == []


def test_a_picture_that_is_gone_is_named(workspace, dataset):
    dataset.path(dataset.frame["image"][0]).unlink()
    with pytest.raises(DataError, match=r"'blue/0.jpg' of the dataset cannot be read"):
        pixels(workspace, dataset, dataset.frame, SMALL)


def test_no_pictures_are_no_error(workspace, dataset):
    assert len(pixels(workspace, dataset, dataset.part("test"), SMALL)) == 0
