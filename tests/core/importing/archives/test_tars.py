"""TARs are read once, from beginning to end; harm in them is found on the way and leaves nothing."""

from __future__ import annotations

import bz2
import gzip
import tarfile
import tracemalloc

import pytest

from core.errors import DataError
from core.importing.archives import tars
from core.importing.archives.tars import tar_source
from core.importing.importing import check, import_path
from core.limits import Limits
from tests.conftest import image
from tests.core.importing.archives.archives import odd_member, tar
from tests.core.importing.archives.test_readers import left

FILES = {f"photos/{label}/{number}.jpg": image(label, number) for label in ("red", "blue") for number in range(4)}


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
    shares = [step.share for step in seen if step.phase == "Checking images"]
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
        import_path(workspace, tar(tmp_path / "a.tar.gz", {**FILES, name: image("red", 9)}))
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


# What an archive says of its files ------------------------------------------------------------------------------------


def header(kind, size=0, name="red/x.jpg", extended=False):
    """A header as it lies in a TAR: of any type, claiming any size."""
    member = tarfile.TarInfo(name)
    member.type = kind
    raw = bytearray(member.tobuf(tarfile.GNU_FORMAT))
    raw[124:136] = size.to_bytes(12, "big", signed=True) if size < 0 else b"%011o\0" % size
    raw[482] = extended  # of a sparse one: more of its map follows
    raw[148:156] = b" " * 8
    raw[148:156] = b"%06o\0 " % sum(raw)
    return bytes(raw)


def said(kind, text):
    """Something that is said of the file that comes next."""
    return header(kind, len(text)) + text + bytes(-len(text) % 512)


def record(text):
    """A line of a pax header, which begins with its own length."""
    length = next(n for n in range(len(text), len(text) + 9) if len(b"%d %s\n" % (n, text)) == n)
    return b"%d %s\n" % (length, text)


def with_more(path, *more, pack=bytes):
    """A TAR of the usual files and then of these blocks."""
    tar(path, FILES, mode="w")
    body = path.read_bytes().rstrip(b"\0")
    path.write_bytes(pack(body + bytes(-len(body) % 512) + b"".join(more) + bytes(1024)))
    return path


GAPS = record(b"GNU.sparse.major=1") + record(b"GNU.sparse.minor=0")
LIES = {
    "said again and again": [said(tarfile.XHDTYPE, record(b"comment=x"))] * 400,
    "named again and again": [said(tarfile.GNUTYPE_LONGNAME, b"x")] * 400,
    "less than nothing": [header(tarfile.REGTYPE, -1000)],
    "a name of less than nothing": [header(tarfile.XHDTYPE, -512)],
    "less than nothing, said beside": [
        said(tarfile.XHDTYPE, record(b"GNU.sparse.realsize=-1000000000000")),
        header(tarfile.REGTYPE),
        header(tarfile.REGTYPE, 8**11 - 1),
    ],
}


@pytest.mark.parametrize("lie", LIES)
def test_what_is_said_of_a_file_is_not_believed(workspace, tmp_path, lie):
    with pytest.raises(DataError, match="cut short or damaged"):
        import_path(workspace, with_more(tmp_path / "a.tar", *LIES[lie]))
    assert left(workspace) == []


@pytest.mark.parametrize(
    "more",
    [
        [header(tarfile.GNUTYPE_SPARSE, extended=True)],
        [header(tarfile.GNUTYPE_SPARSE, extended=True), (b"0" * 504 + b"\1" + bytes(7)) * 1000],
        [said(tarfile.XHDTYPE, GAPS), header(tarfile.REGTYPE, 1024), b"999999999\n" + b"0\n" * 507],
    ],
)
def test_a_map_of_gaps_without_end_is_not_read(workspace, tmp_path, more):
    with pytest.raises(DataError, match=r"packed without its gaps.*Pack the class folders again"):
        import_path(workspace, with_more(tmp_path / "a.tar", *more))
    assert left(workspace) == []


def test_what_is_said_of_all_files_is_forgotten(tmp_path):
    many = [
        said(tarfile.XGLTYPE, b"".join(record(b"k%d=" % (n + 1000 * turn)) for n in range(1000))) for turn in range(9)
    ]
    with tar_source(with_more(tmp_path / "a.tar", *(b + header(tarfile.REGTYPE) for b in many)), Limits()) as source:
        kept = [len(entry.open.args[0].pax_headers) for entry in source.entries]
    assert len(kept) == 8 + 9 and max(kept) <= 1000


def test_folders_count(workspace, tmp_path):
    path = with_more(tmp_path / "a.tar", *[header(tarfile.DIRTYPE, name=f"{n}") for n in range(20)])
    with pytest.raises(DataError, match="more than the 20 files"):
        import_path(workspace, path, limits=Limits(entries=20))


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_zeros_after_the_end_fill_no_memory_and_are_not_read_for_ever(tmp_path, pack, monkeypatch):
    monkeypatch.setattr(tars, "MOST_PADDING", 2**20)
    path = with_more(tmp_path / "a.tar", bytes(1024 + 2**25), b"x" * 512, pack=pack)
    tracemalloc.start()
    report = check(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.images == 8 and peak < 16 * 2**20
