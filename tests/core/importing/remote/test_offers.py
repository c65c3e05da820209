"""What a server lists may be anything: only what can be imported is taken, under names that lead nowhere else."""

from __future__ import annotations

import pytest

from core.errors import DataError
from core.importing.remote.offers import Offer, is_remote, look_up, parts_of, safe_name


def listed(*paths):
    return [{"type": "file", "path": path, "size": 3} for path in paths]


@pytest.mark.parametrize(
    ("paths", "parts"),
    [
        (["data/train-0.parquet", "data/test-0.parquet", "x.csv"], {"data": ["test-0.parquet", "train-0.parquet"]}),
        (["train/0.csv", "test/0.csv"], {"all": ["test-0.csv", "train-0.csv"]}),
        (["en/train.jsonl", "de/train.jsonl"], {"de": ["train.jsonl"], "en": ["train.jsonl"]}),
        (["plain_text/a.parquet", "extra/a.parquet"], {"plain_text": ["a.parquet"], "extra": ["a.parquet"]}),
        (["photos.zip", "README.md", ".gitattributes", "dataset_infos.json"], {"all": ["photos.zip"]}),
        (["README.md", "script.py"], {}),
        (["../../etc/passwd.csv", ".hidden/x.csv"], {}),
    ],
)
def test_the_files_of_a_set_by_its_parts(paths, parts):
    found = parts_of("o/n", listed(*paths))
    assert {part: [file.name for file in files] for part, files in found.items()} == parts
    assert list(found) == list(parts)


def test_a_part_of_too_many_files_is_told():
    parts = parts_of("o/n", listed(*(f"data/{n}.csv" for n in range(501))))
    with pytest.raises(DataError, match="501 files"):
        Offer("hub:o/n", "n", parts, "x").files()


def test_an_answer_of_any_shape_is_no_reason_to_fail():
    odd = [
        None,
        3,
        {"type": "file"},
        {"type": "file", "path": 7},
        {"type": "file", "path": "a.csv", "size": "x", "lfs": 4},
    ]
    (file,) = parts_of("o/n", odd)["all"]
    assert (file.size, file.sha256) == (None, "")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a/../../b.csv", "b.csv"),
        ("..", "file"),
        ("", "file"),
        ("ü x.csv", "ü-x.csv"),
        ("训练.csv", "训练.csv"),
        ("v1.2 of a long name.csv.gz", "v1.2-of-a-long-name.csv.gz"),
        (".hidden", "hidden"),
        ("x" * 99, "x" * 56),
    ],
)
def test_a_name_is_one_of_a_file_here(name, safe):
    assert safe_name(name) == safe


def test_what_is_an_address():
    assert is_remote("HTTPS://x.org/a") and is_remote("hub:a/b") and not is_remote("/home/me") and not is_remote("a/b")


@pytest.mark.parametrize("given", ["", "no such thing", "a/b/c", "../x", "hub:", "ftp://x.org/a"])
def test_what_is_none_is_told(given):
    with pytest.raises(DataError, match="neither an address|begins with ftp"):
        look_up(given)


def test_names_that_would_be_the_same_are_kept_apart():
    files = parts_of("o/n", listed("a b.csv", "a-b.csv", "A-B.csv", "训练.csv", "测试.csv"))["all"]
    assert sorted(file.name for file in files) == ["A-B.csv", "a-b-2.csv", "a-b-3.csv", "测试.csv", "训练.csv"]
    assert len({file.url for file in files}) == 5


@pytest.mark.parametrize(
    "given", ["https://example..com/x.csv", "http://[abc/x.csv", f"https://{'a' * 70}.com/x.csv", "https://"]
)
def test_an_address_with_a_slip_is_a_sentence(given):
    with pytest.raises(DataError, match="no address of a file"):
        look_up(given)
