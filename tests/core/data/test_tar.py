"""TARs are read once, from beginning to end; harm in them is found on the way and leaves nothing."""

from __future__ import annotations

import gzip
import tarfile
import tracemalloc

import pytest

from core.data.entries import Limits
from core.data.importing import check, import_path
from core.errors import DataError
from tests.conftest import picture
from tests.core.data.archives import odd_member, tar
from tests.core.data.test_readers import left

FILES = {f"photos/{label}/{number}.jpg": picture(label, number) for label in ("red", "blue") for number in range(4)}


@pytest.mark.parametrize(
    ("ending", "mode"), [("tar", "w"), ("tar.gz", "w:gz"), ("tar.bz2", "w:bz2"), ("tar.xz", "w:xz")]
)
def test_class_folders_in_a_tar(workspace, tmp_path, ending, mode):
    dataset = import_path(workspace, tar(tmp_path / f"My photos.{ending}", FILES, mode=mode))
    assert dataset.name == "My photos" and dataset.report.classes == {"blue": 4, "red": 4}
    assert dataset.report.files == 8


def test_a_tar_may_begin_like_a_zip(tmp_path):
    files = {name.replace("photos", "PKLot"): data for name, data in FILES.items()}
    assert check(tar(tmp_path / "a.tar", files, mode="w")).images == 8


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_name_that_would_fill_the_memory_is_not_read(workspace, tmp_path, kind):
    member = tarfile.TarInfo("name")
    member.type, member.size = kind, 64 * 2**20
    with gzip.open(tmp_path / "a.tar.gz", "wb") as file:
        file.write(member.tobuf() + bytes(member.size + 1024))
    tracemalloc.start()
    with pytest.raises(DataError, match="damaged|no whole TAR"):
        import_path(workspace, tmp_path / "a.tar.gz")
    assert tracemalloc.get_traced_memory()[1] < 32 * 2**20 and left(workspace) == []
    tracemalloc.stop()


def test_progress_is_told_by_how_much_was_read(tmp_path):
    seen = []
    check(tar(tmp_path / "a.tar", FILES, mode="w"), progress=seen.append)
    shares = [step.share for step in seen if step.phase == "Checking pictures"]
    assert len(shares) == 8 and shares == sorted(shares) and 0 < shares[0] < shares[-1] <= 1


def test_links_and_devices_are_left_out(tmp_path):
    odd = [
        odd_member("photos/red/link.jpg", tarfile.SYMTYPE, "/etc/passwd"),
        odd_member("photos/red/hard.jpg", tarfile.LNKTYPE, "photos/red/0.jpg"),
        odd_member("photos/red/device.jpg", tarfile.CHRTYPE),
        odd_member("photos/red/pipe.jpg", tarfile.FIFOTYPE),
    ]
    report = check(tar(tmp_path / "a.tar.gz", FILES, *odd))
    out = {name: one.why for one in report.findings if one.kind == "left out" for name in one.files}
    assert report.images == 8 and report.files == 12
    assert "link" in out["photos/red/link.jpg"] and "link" in out["photos/red/hard.jpg"]
    assert "device" in out["photos/red/device.jpg"] and "device" in out["photos/red/pipe.jpg"]


@pytest.mark.parametrize("name", ["../evil.jpg", "/etc/evil.jpg", "a/../../evil.jpg", "C:\\evil.jpg"])
def test_a_path_that_leaves_ends_it(workspace, tmp_path, name):
    with pytest.raises(DataError, match="leads out of it"):
        import_path(workspace, tar(tmp_path / "a.tar.gz", {**FILES, name: picture("red", 9)}))
    assert left(workspace) == []


@pytest.mark.parametrize("kept", [0.05, 0.5, 0.7])
@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
def test_cut_short(workspace, tmp_path, kept, mode):
    path = tar(tmp_path / "a.tar", FILES, mode=mode)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    with pytest.raises(DataError, match="cut short or damaged|no whole TAR|not a ZIP or TAR"):
        import_path(workspace, path)
    assert left(workspace) == []


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(entries=5), "more than the 5 files"),
        (Limits(total_bytes=2000), "would unpack to"),
        (Limits(total_ratio_from=100_000), "over 200 times its size"),
    ],
)
def test_what_is_too_much_ends_it(workspace, tmp_path, limits, words):
    bomb = {"photos/red/bomb.bmp": bytes(20 * 2**20)} if limits.total_ratio_from < 2**20 else {}
    with pytest.raises(DataError, match=words):
        import_path(workspace, tar(tmp_path / "a.tar.gz", FILES | bomb), limits=limits)
    assert left(workspace) == []
