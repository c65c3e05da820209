"""The image sets that defaults are measured with: they stay what they were, and nothing is run to read them."""

from __future__ import annotations

import io
import json
import pickle
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import drawn, sets, sources
from benchmarks.packages import files
from benchmarks.sets import KNOWN, SETS, ImageSet


@pytest.fixture
def made(tmp_path) -> ImageSet:
    def images(_: Path) -> Iterator[tuple[str, str, bytes]]:
        yield from [("a", "1.png", b"one"), ("a", "2.png", b"two"), ("b", "3.png", b"one"), ("b", "4.png", b"four")]

    return ImageSet("made", "a kind", False, "here", "ours", images)


def test_the_four_final_sets_differ_in_kind_and_their_hashes_are_known():
    known = json.loads(KNOWN.read_text(encoding="utf-8"))
    assert set(known) == {each.name for each in SETS}
    final = {each.kind: known[each.name] for each in SETS if each.final}
    assert len(final) == 4 and all(len(said["sha256"]) == 64 and said["final"] for said in final.values())


def test_a_set_is_the_same_each_time_and_has_no_file_twice(made, tmp_path):
    roots = [sets.build(made, tmp_path / place, tmp_path) for place in ("one", "two")]
    assert sets.digest(roots[0]) == sets.digest(roots[1])
    assert sets.counts(roots[0]) == {"a": 2, "b": 1}
    (roots[1] / "a" / "1.png").write_bytes(b"another")
    assert sets.digest(roots[0]) != sets.digest(roots[1])


def test_a_large_class_is_cut_by_lot(made, tmp_path, monkeypatch):
    monkeypatch.setattr(sets, "MOST", 1)
    assert sets.counts(sets.build(made, tmp_path, tmp_path)) == {"a": 1, "b": 1}


def test_archives_are_read_where_they_lie(tmp_path):
    with zipfile.ZipFile(tmp_path / "cells-1.whl", "w") as wheel:
        wheel.writestr("cells/b.png", b"b")
        wheel.writestr("cells/a.png", b"a")
        wheel.writestr("cells/code.py", b"no")
    with tarfile.open(tmp_path / "food-2.tgz", "w:gz") as package:
        member = tarfile.TarInfo("package/a.png")
        member.size = 3
        package.addfile(member, io.BytesIO(b"egg"))
    assert list(files(tmp_path, "cells-1", ".png").items()) == [("cells/a.png", b"a"), ("cells/b.png", b"b")]
    assert files(tmp_path, "food-2", ".png") == {"package/a.png": b"egg"}


def test_a_missing_archive_is_named(tmp_path):
    with pytest.raises(SystemExit, match="0 files solar"):
        files(tmp_path, "solar", ".png")


def test_a_pickle_is_read_for_arrays_alone():
    array = np.arange(6).reshape(2, 3)
    assert (sources._array(pickle.dumps(array)) == array).all()
    with pytest.raises(pickle.UnpicklingError, match="is no array"):
        sources._array(pickle.dumps(Path("/tmp")))


def test_cells_are_drawn_alike_from_one_seed_and_shapes_differ():
    one, same = (drawn.microscope(drawn.CELLS["ring"], np.random.default_rng(1)) for _ in range(2))
    assert one.tobytes() == same.tobytes() and one.size == (drawn.FIELD, drawn.FIELD)
    assert one.tobytes() != drawn.microscope(drawn.CELLS["round"], np.random.default_rng(1)).tobytes()


def test_what_is_cut_out_stands_on_white():
    image = sources.on_white(Image.new("RGBA", (2, 2), (255, 0, 0, 0)))
    assert image.mode == "RGB" and image.getpixel((0, 0)) == (255, 255, 255)
