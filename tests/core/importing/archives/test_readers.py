"""What is refused as a whole, in one sentence, before anything is written."""

from __future__ import annotations

import os
import shutil
import socket
import zipfile
from pathlib import Path

import pytest

from core.errors import DataError
from core.importing.archives.readers import DEEPEST
from core.importing.importing import check, import_path
from core.limits import Limits
from tests.conftest import image
from tests.core.importing.archives.archives import add, link, spoil, with_flag

CLASSES = {"red": 3, "blue": 3}


def left(workspace):
    """What lies in the workspace's datasets, but for locks."""
    return [path.name for path in workspace.datasets.iterdir() if not path.name.endswith(".lock")]


def refused(workspace, path, words, limits=None):
    with pytest.raises(DataError, match=words) as caught:
        import_path(workspace, path, limits=limits or Limits())
    assert left(workspace) == [] and "\n" not in str(caught.value)


def test_not_a_zip(workspace, tmp_path):
    path = tmp_path / "photos.zip"
    for content in (b"", b"hello", image("red")):
        path.write_bytes(content)
        refused(workspace, path, "'photos.zip' is not a ZIP or TAR file")


def test_no_file_at_all(workspace, tmp_path):
    refused(workspace, tmp_path / "none.zip", "There is no file or folder '.*none.zip'")


@pytest.mark.parametrize("kept", [0.3, 0.9, 0.99])
def test_cut_short(workspace, make_zip, kept):
    path = make_zip(CLASSES)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    refused(workspace, path, "cut short or damaged")


def test_encrypted(workspace, make_zip):
    refused(workspace, with_flag(make_zip(CLASSES), set_bits=1), "is encrypted")


@pytest.mark.parametrize(
    "name",
    ["../evil.jpg", "red/../../evil.jpg", "/etc/evil.jpg", "C:/evil.jpg", "..\\evil.jpg", "\\evil.jpg", "c:evil"],
)
def test_a_path_that_leaves(workspace, make_zip, name):
    refused(workspace, add(make_zip(CLASSES), (name, image("red", 9))), "leads out of it")


def test_a_name_with_a_zero_byte(workspace, make_zip):
    path = add(make_zip(CLASSES), ("red/evilX.jpg", image("red", 9)))
    raw = path.read_bytes().replace(b"evilX.jpg", b"evil\0.jpg")
    path.write_bytes(raw)
    refused(workspace, path, "leads out of it|cut short or damaged")


def test_a_bomb_is_refused_unopened(workspace, make_zip):
    path = add(make_zip(CLASSES), ("red/bomb.bmp", bytes(40 * 2**20)))
    refused(workspace, path, "over 1,000 times its size")


def test_many_small_bombs_are_refused_by_their_sum(workspace, make_zip):
    files = [(f"red/{number}.bmp", bytes([number]) * 900_000) for number in range(10)]
    limits = Limits(total_ratio_from=5 * 2**20)
    refused(workspace, add(make_zip(CLASSES), *files), "over 200 times its size", limits)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_would_be_unpacked_all_at_once_is_left_out(make_zip, method):
    path = make_zip(CLASSES)
    with zipfile.ZipFile(path, "a", method) as archive:
        archive.writestr("red/bomb.bmp", bytes(2**20))
    (finding,) = [one for one in check(path).findings if one.kind == "left out"]
    assert finding.files == ["red/bomb.bmp"] and "Pack it again" in finding.why


@pytest.mark.parametrize("kind", ["zip", "tar", "folder"])
def test_class_folders_without_a_image_are_named(workspace, tmp_path, kind):
    folder = tmp_path / "pets"
    for label in ("cat", "dog"):
        (folder / label).mkdir(parents=True)
        for number in range(3):
            (folder / label / f"{number}.jpg").write_bytes(image(label, number))
    (folder / "bird").mkdir()
    (folder / "cat" / "more").mkdir()
    path = folder if kind == "folder" else Path(shutil.make_archive(str(tmp_path / "made"), kind, tmp_path, "pets"))
    report = import_path(workspace, path).report
    (found,) = [one for one in report.findings if one.kind == "empty class"]
    assert found.title == "1 class folder is empty: bird." and report.files == 6


def test_a_lone_class_beside_an_empty_folder(workspace, tmp_path):
    (tmp_path / "pets" / "dog").mkdir(parents=True)
    (tmp_path / "pets" / "cat").mkdir()
    (tmp_path / "pets" / "cat" / "1.jpg").write_bytes(image("cat"))
    with pytest.raises(DataError, match=r"only the class 'cat' \(1 folder is empty: dog\)"):
        import_path(workspace, tmp_path / "pets")


@pytest.mark.parametrize(
    ("limits", "words"),
    [(Limits(entries=5), "holds 6 files; at most 5"), (Limits(total_bytes=1000), "would unpack to")],
)
def test_too_many_or_too_large(workspace, make_zip, limits, words):
    refused(workspace, make_zip(CLASSES), words, limits)


def test_a_file_over_the_limit_is_left_out_alone(workspace, make_zip):
    large = image("red", 9, size=(400, 400), ending="png")
    dataset = import_path(workspace, add(make_zip(CLASSES), ("red/large.png", large)), limits=Limits(file_bytes=2**16))
    (finding,) = [finding for finding in dataset.report.findings if finding.kind == "left out"]
    assert finding.files == ["red/large.png"] and "larger than" in finding.why


def test_a_size_that_lies_fills_no_memory(workspace, make_zip):
    """The header claims a small file; what follows is cut off where it said, and does not add up."""
    path = add(make_zip(CLASSES), ("red/liar.bmp", bytes(500_000)))
    raw = path.read_bytes().replace((500_000).to_bytes(4, "little"), (5_000).to_bytes(4, "little"))
    path.write_bytes(raw)
    (finding,) = [one for one in check(path).findings if one.kind == "left out"]
    assert finding.files == ["red/liar.bmp"] and "damaged" in finding.why


def test_one_damaged_member_is_left_out_alone(make_zip):
    report = check(spoil(make_zip(CLASSES), "red/1.jpg"))
    (finding,) = [one for one in report.findings if one.kind == "left out"]
    assert finding.files == ["red/1.jpg"] and "damaged" in finding.why and report.images == 5


def test_links_are_skipped_and_told(workspace, make_zip):
    path = add(make_zip(CLASSES), link("red/link.jpg", "/etc/passwd"))
    report = import_path(workspace, path).report
    (finding,) = [finding for finding in report.findings if "link" in finding.why]
    assert finding.files == ["red/link.jpg"] and report.images == 6


def test_names_as_macs_and_windows_write_them(make_zip):
    path = make_zip(
        files={f"./{label}/{n}.jpg": image("red", n + len(label)) for label in ("Äpfel", "Öl") for n in (1, 2)}
    )
    assert set(check(with_flag(path, clear_bits=0x800)).classes) == {"Äpfel", "Öl"}
    path = make_zip(files={f"photos\\{label}\\{n}.jpg": image(label, n) for label in CLASSES for n in (1, 2)})
    assert set(check(path).classes) == {"red", "blue"}


@pytest.fixture
def folder(tmp_path):
    for label, count in CLASSES.items():
        (tmp_path / "photos" / label).mkdir(parents=True)
        for number in range(count):
            (tmp_path / "photos" / label / f"{number}.jpg").write_bytes(image(label, number))
    return tmp_path / "photos"


def test_a_folder_is_copied_and_stays_as_it_is(workspace, folder):
    before = sorted(folder.rglob("*"))
    dataset = import_path(workspace, folder)
    assert dataset.report.images == 6 and dataset.name == "photos" and sorted(folder.rglob("*")) == before
    row = dataset.frame.iloc[0]
    assert dataset.path(row["image"]).read_bytes() == (folder / row["name"]).read_bytes()


def test_a_folder_is_never_left_through_links(workspace, folder, tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "secret.jpg").write_bytes(image("red", 50))
    (folder / "red" / "file.jpg").symlink_to(secret / "secret.jpg")
    (folder / "linked").symlink_to(secret, target_is_directory=True)
    (folder / "red" / "round").symlink_to(folder, target_is_directory=True)
    dataset = import_path(workspace, folder)
    (finding,) = [finding for finding in dataset.report.findings if "link" in finding.why]
    assert sorted(finding.files) == ["linked", "red/file.jpg", "red/round"] and dataset.report.images == 6


def test_folders_without_end_are_not_followed(folder, monkeypatch):
    monkeypatch.chdir(folder / "red")
    for _ in range(DEEPEST + 50):
        os.mkdir("d")
        os.chdir("d")
    report = check(folder)
    (finding,) = [one for one in report.findings if one.kind == "left out"]
    assert finding.files == ["red/" + "/".join("d" * DEEPEST)] and "more than 100 folders" in finding.why
    assert report.images == 6 and report.files == 7


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes")
def test_pipes_and_sockets_are_not_opened(workspace, folder, monkeypatch):
    os.mkfifo(folder / "red" / "pipe.jpg")
    monkeypatch.chdir(folder / "red")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("socket.jpg")
        assert import_path(workspace, folder).report.images == 6


def test_names_that_are_no_text_are_imported_all_the_same(workspace, folder):
    odd = os.fsencode(folder / "red") + b"/\xff\xfe.jpg"
    with open(odd, "wb") as file:
        file.write(image("red", 33))
    dataset = import_path(workspace, folder)
    assert dataset.report.images == 7 and len(set(dataset.frame["name"])) == 7


def test_a_folder_that_may_not_be_read_is_told(workspace, folder, monkeypatch):
    walk = os.walk

    def guarded(top, onerror, **options):
        onerror(PermissionError(13, "Permission denied", str(folder / "locked")))
        return walk(top, onerror=onerror, **options)

    monkeypatch.setattr(os, "walk", guarded)
    (finding,) = [one for one in check(folder).findings if one.kind == "left out"]
    assert finding.files == ["locked"] and "Permission denied" in finding.why


@pytest.mark.parametrize("name", ["none", "x" * 5000, "nul\0byte", "~nobody/photos"])
def test_a_folder_that_is_not_there(workspace, tmp_path, name):
    with pytest.raises(DataError, match="There is no file or folder"):
        import_path(workspace, tmp_path / name)
