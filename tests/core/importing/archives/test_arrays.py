"""Images that are written as numbers."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest

from core.errors import DataError
from core.importing.archives.arrays import shaped, unzipped
from core.importing.importing import check, import_path
from core.modalities.images.preprocessing import read


def digits(count, side=28):
    return np.random.default_rng(0).integers(0, 256, (count, side, side), dtype=np.uint8)


def idx(array):
    array = np.asarray(array, np.uint8)
    return struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def csv(rows, head):
    return "\n".join(
        [head, *(",".join(map(str, row)) for row in rows)] if head else [",".join(map(str, r)) for r in rows]
    )


PIXELS = ",".join(f"pixel{number}" for number in range(784))
FORMS = {
    "with headings": csv([(n % 2, *each.ravel()) for n, each in enumerate(digits(12))], f"label,{PIXELS}"),
    "without": csv([(n % 2, *each.ravel()) for n, each in enumerate(digits(12))], ""),
    "in one cell": csv(
        [(n % 2, " ".join(map(str, each.ravel()))) for n, each in enumerate(digits(12, 48))], "emotion,pixels"
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_row_of_pixels_an_image(workspace, make_zip, name):
    dataset = import_path(workspace, make_zip(files={"train.csv": FORMS[name].encode()}))
    assert dataset.report.classes == {"0": 6, "1": 6}
    first = dataset.path(dataset.frame["image"][0])
    side = 48 if name == "in one cell" else 28
    assert np.array_equal(np.asarray(read(first.read_bytes()).image)[..., 0], digits(12, side)[0])


@pytest.mark.parametrize("packed", [False, True])
def test_arrays_of_mnist_with_their_labels_and_split(make_zip, packed):
    files = {}
    for part, count in (("train", 12), ("t10k", 6)):
        files[f"{part}-images-idx3-ubyte"] = idx(digits(12)[:count] ^ np.uint8(part == "t10k"))
        files[f"{part}-labels-idx1-ubyte"] = idx([number % 2 for number in range(count)])
    if packed:
        files = {f"{name}.gz": gzip.compress(data) for name, data in files.items()}
    report = check(make_zip(files=files))
    assert report.classes == {"0": 9, "1": 9} and report.splits["test"] == 6


def test_arrays_that_are_cut_short_are_told(make_zip):
    files = {"train-images-idx3-ubyte": idx(digits(12))[:-1], "train-labels-idx1-ubyte": idx([0, 1])}
    with pytest.raises(DataError, match="cut short"):
        check(make_zip(files=files))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (gzip.compress(b"0" * 2000), "more than 1,000"),
        (gzip.compress(b"0" * 20)[:-9], "cut short"),
        (b"no gzip", "damaged"),
    ],
)
def test_what_is_compressed_is_unpacked_up_to_a_limit(data, words):
    with pytest.raises(DataError, match=words):
        unzipped(data, 1000)


def test_colours_and_what_is_no_pixel():
    assert shaped(["7"] * 3 * 16**2).shape == (16, 16, 3)
    with pytest.raises(ValueError):
        shaped(["300"] * 64)
