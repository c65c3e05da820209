"""Datasets from a small server on this machine: as any file of one's own, and every failure in a sentence."""

from __future__ import annotations

import hashlib
import io
import json

import pandas as pd
import pytest

from core.errors import DataError
from core.fetching import ALLOW
from core.importing.importing import import_path
from core.importing.remote.fetched import import_remote
from core.importing.remote.offers import look_up, size_of
from core.limits import Limits
from core.progress import WorkStopped
from tests.conftest import image
from tests.web import CONTENT, Web


@pytest.fixture
def web(monkeypatch):
    monkeypatch.setenv(ALLOW, "1")
    with Web() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        yield server


def kept(workspace):
    return [path.name for path in (workspace.cache / "fetched").glob("*") if path.suffix != ".lock"]


def test_a_table_is_looked_at_fetched_and_imported_as_any_other(web, workspace, tmp_path):
    offer = look_up(f" {web.address}/moved ")
    assert (offer.title, offer.host, size_of(offer.files())) == ("file", "127.0.0.1", len(CONTENT))
    assert web.asked == []  # its content was not
    told = []
    made = import_remote(workspace, f"{web.address}/moved", progress=told.append)
    assert made.report.classes == {"a": 100, "b": 100} and made.name == "file"
    (found,) = [one for one in made.report.findings if one.kind == "fetched"]
    assert "Fetched from 127.0.0.1 (1 file, " in found.title and hashlib.sha256(CONTENT).hexdigest() in found.title
    assert "Downloading (MB)" in {one.phase for one in told} and kept(workspace) == []
    (tmp_path / "file.csv").write_bytes(CONTENT)
    assert import_path(workspace, tmp_path / "file.csv").id == made.id


def test_an_archive_of_images(web, workspace, make_zip):
    web.files["/photos.zip?download=1"] = make_zip({"red": 6, "blue": 6}).read_bytes()
    made = import_remote(workspace, f"{web.address}/photos.zip?download=1")
    assert made.report.classes == {"blue": 6, "red": 6} and made.name == "photos" and made.modality.name == "image"


def test_what_broke_off_goes_on_from_there(web, workspace):
    web.cut = 1_000
    with pytest.raises(DataError, match="goes on from where it was"):
        import_remote(workspace, f"{web.address}/file.csv")
    assert len(kept(workspace)) == 1
    web.cut = None
    assert len(import_remote(workspace, f"{web.address}/file.csv").frame) == 200
    assert web.asked == [("/file.csv", None), ("/file.csv", "bytes=1000-")]


def test_one_that_is_stopped_keeps_what_came(web, workspace):
    with pytest.raises(WorkStopped, match="kept for the next time"):
        import_remote(workspace, f"{web.address}/file.csv", cancelled=lambda: True)


@pytest.mark.parametrize(
    ("path", "content", "kind", "words"),
    [
        ("/nothing.csv", None, "", "nothing at this address"),
        ("/page", b"x", "text/html; charset=utf-8", "a web page, and no file"),
        ("/page.csv", b"\n<!DOCTYPE html><html>", "text/csv", "a web page, and no file"),
        ("/empty.csv", b"", "text/csv", "empty"),
        ("/odd.bin", b"\x00\x01\x02", "", "not a ZIP|no archive|cannot|neither"),
        ("/../../etc/passwd", None, "", "nothing at this address"),
    ],
)
def test_what_is_no_dataset_is_told(web, workspace, path, content, kind, words):
    if content is not None:
        web.files[path], web.kinds[path] = content, kind
    with pytest.raises(DataError, match=words):
        import_remote(workspace, web.address + path)
    assert not list(workspace.datasets.glob("[!.]*"))


def test_too_much_is_refused_before_it_is_fetched(web, workspace):
    with pytest.raises(DataError, match="are read"):
        import_remote(workspace, f"{web.address}/file.csv", limits=Limits(total_bytes=1_000))
    assert web.asked == []


def test_without_the_allowance_this_machine_is_asked_nothing(web, workspace, monkeypatch):
    monkeypatch.delenv(ALLOW)
    for given in (f"{web.address}/file.csv", "hub:owner/name", "file:///etc/passwd"):
        with pytest.raises(DataError, match="only from public servers|begins with file"):
            import_remote(workspace, given)
    assert web.asked == []


# The hub --------------------------------------------------------------------------------------------------------------


def published(web, files, hub="owner/name", digests=True):
    """files: by path, as a set of the hub."""
    listed = [{"type": "directory", "path": "data"}]
    for path, data in files.items():
        web.files[f"/datasets/{hub}/resolve/main/{path}"] = data
        large = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data)} if digests else None
        listed.append({"type": "file", "path": path, "size": len(data)} | ({"lfs": large} if large else {}))
    web.files[f"/api/datasets/{hub}/tree/main?recursive=true"] = json.dumps(listed).encode()


def parquet(rows):
    file = io.BytesIO()
    pd.DataFrame(rows).to_parquet(file)
    return file.getvalue()


def reviews(count, word=""):
    return [{"text": f"a {('good', 'bad')[n % 2]} day {word} {n}", "label": "ab"[n % 2]} for n in range(count)]


def test_a_set_of_texts_comes_with_its_splits_and_nothing_else_is_fetched(web, workspace):
    files = {
        f"data/{name}.parquet": parquet(reviews(size, name))
        for name, size in (("train-00000-of-00002", 20), ("train-00001-of-00002", 20), ("test-00000-of-00001", 8))
    }
    published(web, files | {"README.md": b"# hi", "old.csv": b"a,b"})
    offer = look_up("hub:owner/name")
    assert list(offer.parts) == ["data"] and size_of(offer.files()) == sum(map(len, files.values()))
    made = import_remote(workspace, "hub:owner/name")
    assert made.report.splits["test"] == 8 and len(made.frame) == 48 and made.name == "name"
    assert not any("README" in path or "old.csv" in path for path, _ in web.asked)


def test_a_set_of_images(web, workspace):
    rows = [
        {"image": {"bytes": image(label, n), "path": f"{n}.jpg"}, "label": label}
        for label in ("red", "blue")
        for n in range(6)
    ]
    published(web, {"train/0000.parquet": parquet(rows), "test/0000.parquet": parquet(rows[:2] + rows[6:8])})
    offer = look_up("owner/name")
    assert [file.name for file in offer.files()] == ["test-0000.parquet", "train-0000.parquet"]
    made = import_remote(workspace, "owner/name")
    assert made.modality.name == "image" and made.report.classes == {"blue": 6, "red": 6}


def test_one_of_several_parts_is_chosen(web, workspace):
    published(web, {f"{part}/train.csv": pd.DataFrame(reviews(12, part)).to_csv().encode() for part in ("b", "a")})
    assert list(look_up("owner/name").parts) == ["a", "b"]
    assert len(import_remote(workspace, "owner/name", "b", name="Mine").frame) == 12
    with pytest.raises(DataError, match="There is no part 'c'.* a, b"):
        import_remote(workspace, "owner/name", "c")


def test_what_was_changed_on_the_way_is_deleted(web, workspace):
    published(web, {"train.csv": CONTENT})
    web.files["/datasets/owner/name/resolve/main/train.csv"] = CONTENT[:-1] + b"x"
    with pytest.raises(DataError, match="not what was published"):
        import_remote(workspace, "owner/name")
    web.files["/datasets/owner/name/resolve/main/train.csv"] = CONTENT
    assert len(import_remote(workspace, "owner/name").frame) == 200


def test_a_set_that_is_not_there_and_one_without_data_are_told(web):
    with pytest.raises(DataError, match="no set 'owner/gone'"):
        look_up("owner/gone")
    published(web, {"README.md": b"hi", "model.bin": b"x"})
    with pytest.raises(DataError, match="no Parquet, CSV"):
        look_up("owner/name")
    web.files["/api/datasets/owner/name/tree/main?recursive=true"] = b"<html>"
    with pytest.raises(DataError, match="no list of files"):
        look_up("owner/name")


def test_a_file_that_was_mended_where_it_lies_is_fetched_anew(web, workspace):
    web.files["/file.csv"] = b"text,label\nonly one,a\n"
    with pytest.raises(DataError):
        import_remote(workspace, f"{web.address}/file.csv")
    web.files["/file.csv"] = CONTENT
    assert import_remote(workspace, f"{web.address}/file.csv").report.classes == {"a": 100, "b": 100}


def test_letters_that_are_no_plain_ones(web, workspace):
    web.files["/%E8%AE%AD%E7%BB%83.csv"] = CONTENT
    assert import_remote(workspace, f"{web.address}/训练.csv").name == "训练"
