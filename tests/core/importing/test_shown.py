"""What an import decides for all images alike: the ground of transparent ones, and what becomes of further pages."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from core.importing.archives.entries import Entry, Source
from core.importing.importing import import_path
from core.importing.intake import Taken, inspect, take
from core.importing.tables.reading import Reading
from core.limits import Limits
from core.modalities.images.preprocessing import decode


def icon(shade: int, seed: int, opacity: int = 255) -> bytes:
    image = Image.new("LA", (48, 48), (shade, 0))
    image.paste((shade, opacity), (6 + seed, 8, 30, 20 + seed))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def scan(pages: int, seed: int = 0, **options: object) -> bytes:
    random, file = np.random.default_rng(seed), io.BytesIO()
    first, *others = (
        Image.fromarray(random.integers(0, 255, (6, 8, 3), dtype=np.uint8)).resize((64, 48)) for _ in range(pages)
    )
    first.save(file, "TIFF", save_all=True, append_images=others, **options)
    return file.getvalue()


def source(files: dict[str, bytes]) -> Source:
    entries = [Entry(name, len(data), lambda data=data: io.BytesIO(data)) for name, data in files.items()]
    return Source(entries, len(entries), sum(entry.size for entry in entries))


@pytest.fixture
def imported(tmp_path, workspace):
    def make(files):
        for name, data in files.items():
            path = tmp_path / "given" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return import_path(workspace, tmp_path / "given")

    return make


def of_two(make):
    return {f"{label}/{number}.png": make(number + 10 * (label == "b")) for label in "ab" for number in range(5)}


@pytest.mark.parametrize(
    ("shades", "ground"), [((255, 255), 128), ((250, 245), 128), ((0, 0), 255), ((255, 0), 128), ((128, 128), 255)]
)
def test_transparent_images_are_laid_on_a_ground_on_which_all_can_be_seen(imported, shades, ground):
    dataset = imported(of_two(lambda seed: icon(shades[seed % 2], seed)))
    assert dataset.rendering.ground == ground
    kinds = {one.kind: one for one in dataset.report.findings}
    assert "one colour" not in kinds and ("ground" in kinds) == (ground != 255)
    for image in dataset.frame["image"]:
        assert np.asarray(decode(dataset.path(image), rendering=dataset.rendering)).std() > 20


def test_what_shows_nothing_is_called_so_and_no_covered_lens(imported):
    files = of_two(lambda seed: icon(0, seed)) | {"a/nothing.png": icon(255, 0, opacity=0)}
    found = [one for one in imported(files).report.findings if one.kind == "one colour"]
    assert len(found) == 1 and found[0].files == ["a/nothing.png"] and "lens" not in found[0].why


def test_further_pages_are_told(imported):
    files = {f"{label}/{number}.tif": scan(1 + number % 3, seed=number) for label in "ab" for number in range(6)}
    found = {one.kind: one for one in imported(files).report.findings}["pages"]
    assert found.title == "8 files hold 12 more pages; only the first is looked at."
    assert len(found.files) == 8


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "jpeg", "tiff_adobe_deflate"])
@pytest.mark.parametrize("big", [False, True])
def test_every_page_is_an_image_of_its_own_if_wanted(tmp_path, compression, big):
    data = scan(3, compression=compression, big_tiff=big)
    found = take(source({"a/scan.tif": data, "a/one.tif": scan(1, 7)}), tmp_path, Limits(), pages="all")
    names = ["a/one.tif", "a/scan.tif", "a/scan.tif (page 2)", "a/scan.tif (page 3)"]
    assert found.rows["name"].tolist() == names and not found.rejected
    with Image.open(io.BytesIO(data)) as whole:
        for number, image in enumerate(found.rows["image"][1:]):
            whole.seek(number)
            page = (tmp_path / image).read_bytes()
            assert np.array_equal(decode(page), whole.convert("RGB")) and len(page) < len(data)
    assert (found.rows["pages"] == 1).all()


def test_the_first_page_alone_is_taken_otherwise(tmp_path):
    found = take(source({"a/scan.tif": scan(3)}), tmp_path, Limits())
    assert found.rows["name"].tolist() == ["a/scan.tif"] and found.rows["pages"].tolist() == [3]


def test_pages_that_share_their_pixels_do_not_fill_the_disk(tmp_path):
    data = bytearray(scan(1))
    begins = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[begins : begins + 2], "little")
    tags = bytes(data[begins : begins + 2 + 12 * count])
    data[begins + 2 + 12 * count : begins + 6 + 12 * count] = (len(data) + len(data) % 2).to_bytes(4, "little")
    data += b"\0" * (len(data) % 2)
    for number in range(500):
        data += tags + (len(data) + len(tags) + 4 if number < 499 else 0).to_bytes(4, "little")
    found = take(source({"a/scan.tif": bytes(data)}), tmp_path, Limits(), pages="all")
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < 4 * len(data)
    assert [one for one in found.rejected if "share" in one.reason]


def test_a_chain_of_pages_that_bites_its_tail_ends():
    data = bytearray(scan(1))
    begins = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[begins : begins + 2], "little")
    data[begins + 2 + 12 * count : begins + 6 + 12 * count] = begins.to_bytes(4, "little")
    found = inspect("a.tif", bytes(data))
    assert isinstance(found, Taken) and found.pages == 1


def test_all_pages_are_taken_where_someone_says_so_with_what_their_file_is(tmp_path, workspace):
    names = [f"{label}/{number}.tif" for label in ("cat", "dog") for number in range(4)]
    for number, name in enumerate(names):
        (tmp_path / "scans" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "scans" / name).write_bytes(scan(3, seed=number))
    made = import_path(workspace, tmp_path / "scans", reading=Reading(pages="all"))
    assert made.report.classes == {"cat": 12, "dog": 12}
    of_one = made.frame[made.frame["name"].str.startswith("cat/0.tif")]
    assert len(of_one) == 3 and of_one["split"].nunique() == 1 and set(of_one["group"]) == {"cat/0.tif"}
    rows = "".join(f"{name},{number % 2}\n" for number, name in enumerate(names))
    (tmp_path / "scans" / "t.csv").write_text(f"file,kind\n{rows}")
    made = import_path(workspace, tmp_path / "scans", reading=Reading(column="kind", pages="all"))
    assert made.report.classes == {"0": 12, "1": 12}
