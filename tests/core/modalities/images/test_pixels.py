"""The cache of decoded images: right, quick the second time, and never needed."""

from __future__ import annotations

import errno
import os

import numpy as np
import pytest

from core.data import changes
from core.errors import DataError
from core.importing.importing import WorkStopped, import_path
from core.modalities.images import pixels as module
from core.modalities.images.pixels import Decoding, decoded_bytes, pixels
from core.modalities.images.preprocessing import Preprocessing, decode, shrink
from core.store.cache import empty

SMALL = Preprocessing(size=16, resize=20, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


@pytest.fixture
def dataset(workspace, make_zip):
    return import_path(workspace, make_zip({"red": 6, "blue": 6}))


@pytest.fixture
def decoded(monkeypatch):
    """Counts the images that are decoded."""
    seen = []

    def counted(path, *given):
        seen.append(path)
        return decode(path, *given)

    monkeypatch.setattr(module, "decode", counted)
    return seen


def folders(workspace):
    return os.listdir(workspace.cache / "images") if (workspace.cache / "images").exists() else []


def test_each_image_is_what_decoding_gives(workspace, dataset):
    kept = pixels(workspace, dataset.path, dataset.frame, SMALL)
    assert len(kept) == 12
    for number, image in enumerate(dataset.frame["image"]):
        assert np.array_equal(kept[number], shrink(decode(dataset.path(image)), SMALL))


def test_the_second_time_decodes_nothing(workspace, dataset, decoded):
    pixels(workspace, dataset.path, dataset.frame, SMALL)
    pixels(workspace, dataset.path, dataset.frame, SMALL.model_copy(update={"size": 18, "mean": (0.1, 0.2, 0.3)}))
    assert len(decoded) == 12 and len(folders(workspace)) == 1


@pytest.mark.parametrize("change", [{"resize": 24}, {"interpolation": "nearest"}, {"fit": "pad"}, {"fit": "squash"}])
def test_what_would_change_the_pixels_is_kept_apart(workspace, dataset, change):
    first = pixels(workspace, dataset.path, dataset.frame, SMALL)
    other = pixels(workspace, dataset.path, dataset.frame, SMALL.model_copy(update=change))
    assert not np.array_equal(first[0], other[0]) and len(folders(workspace)) == 2


def test_padded_and_squashed_images_are_kept_by_their_size(workspace, dataset):
    for fit, shape in (("pad", (20, 24)), ("squash", (24, 24))):
        for size in (16, 24):
            kept = pixels(workspace, dataset.path, dataset.frame, SMALL.model_copy(update={"fit": fit, "size": size}))
        assert kept[0].shape == (*shape, 3)
        settings = SMALL.model_copy(update={"fit": fit, "size": 24})
        assert decoded_bytes(dataset.frame, settings) == 12 * 3 * shape[0] * shape[1]


def test_another_split_other_labels_and_fewer_images_decode_nothing(workspace, dataset, decoded):
    pixels(workspace, dataset.path, dataset.frame, SMALL)
    new = changes.resplit(workspace, dataset, validation=0.3, test=0.2, seed=5)
    new = changes.relabel(workspace, new, [new.frame["name"][0]], "purple")
    new = changes.leave_out(workspace, new, [new.frame["name"][1]])
    for split in ("train", "validation", "test"):
        part = new.part(split)
        kept = pixels(workspace, new.path, part, SMALL)
        for number, image in enumerate(part["image"]):
            assert np.array_equal(kept[number], shrink(decode(new.path(image)), SMALL))
    assert len(decoded) == 12


def test_only_new_images_are_decoded(workspace, dataset, decoded):
    pixels(workspace, dataset.path, dataset.frame[3:6], SMALL)
    kept = pixels(workspace, dataset.path, dataset.frame, SMALL)
    assert len(decoded) == 12
    assert np.array_equal(kept[0], shrink(decode(dataset.path(dataset.frame["image"][0])), SMALL))


def test_a_stopped_reading_leaves_nothing_half(workspace, dataset):
    seen = []
    with pytest.raises(WorkStopped):
        pixels(workspace, dataset.path, dataset.frame, SMALL, progress=seen.append, cancelled=lambda: len(seen) == 3)
    assert [list(folder.iterdir()) for folder in (workspace.cache / "images").iterdir()] == [[]]


def test_a_full_disk_is_said(workspace, dataset, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(DataError, match="The disk is full"):
        pixels(workspace, dataset.path, dataset.frame, SMALL)


def test_what_does_not_fit_in_the_cache_is_decoded_at_every_look(workspace, dataset, monkeypatch):
    kept = pixels(workspace, dataset.path, dataset.frame, SMALL)
    monkeypatch.setenv("GRAFT_CACHE_BYTES", "1000")
    other = SMALL.model_copy(update={"interpolation": "nearest"})
    assert isinstance(pixels(workspace, dataset.path, dataset.frame, other), Decoding)
    monkeypatch.delenv("GRAFT_CACHE_BYTES")
    empty(workspace)
    monkeypatch.setenv("GRAFT_CACHE_BYTES", "1000")
    decoding = pixels(workspace, dataset.path, dataset.frame, SMALL)
    assert all(np.array_equal(kept[number], decoding[number]) for number in range(12))


def test_the_space_that_decoded_images_take_is_known_before(workspace, dataset):
    kept = pixels(workspace, dataset.path, dataset.frame, SMALL)
    assert decoded_bytes(dataset.frame, SMALL) == pytest.approx(sum(kept[i].nbytes for i in range(12)), rel=0.05)


def test_a_image_that_is_gone_is_named(workspace, dataset):
    dataset.path(dataset.frame["image"][0]).unlink()
    with pytest.raises(DataError, match=r"'blue/0.jpg' of the dataset cannot be read"):
        pixels(workspace, dataset.path, dataset.frame, SMALL)


def test_no_images_are_no_error(workspace, dataset):
    assert len(pixels(workspace, dataset.path, dataset.part("test"), SMALL)) == 0
