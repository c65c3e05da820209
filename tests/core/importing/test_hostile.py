"""What is made to do harm: refused or cleaned with one sentence, nothing written outside the workspace."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib

import pytest
from PIL import Image

from core.errors import DataError
from core.importing import intake
from core.importing.archives.entries import LONGEST_NAME
from core.importing.importing import check, import_path
from core.importing.sorting import unique
from core.limits import Limits
from tests.conftest import image
from tests.core.importing.archives.archives import add, tar
from tests.core.importing.archives.test_readers import CLASSES, refused


def left_out(report):
    return {name: one.why for one in report.findings if one.kind == "left out" for name in one.files}


def accounted(report):
    """Every file is an image, a table, left out, or a system's own."""
    out = sum(len(one.files) for one in report.findings if one.kind in LEFT_OUT)
    return report.images + out + len(report.tables) + report.ignored == report.files


LEFT_OUT = ("left out", "repeated", "no class", "no label", "several labels")

# Names ----------------------------------------------------------------------------------------------------------------

CLEANED = {
    "red/line\nbreak.jpg": "red/line break.jpg",
    "red/gpj.\u202eevil\u2066.jpg": "red/gpj.evil.jpg",
    "red/bell\x07.jpg": "red/bell.jpg",
    "red/CON": "red/CON",
    "red/aux.jpg": "red/aux.jpg",
    "red/LPT1.jpg": "red/LPT1.jpg",
    "red/ends with a dot.": "red/ends with a dot.",
    "red/<img src=x onerror=alert(1)>.jpg": "red/<img src=x onerror=alert(1)>.jpg",
    "red/=cmd|' .jpg": "red/=cmd|' .jpg",
    "red/~root": "red/~root",
    "red/$HOME": "red/$HOME",
    "red/`id`.jpg": "red/`id`.jpg",
}


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_odd_names_are_cleaned_and_never_become_files(workspace, make_zip, tmp_path, kind):
    files = {name: image("red", 100 + number) for number, name in enumerate(CLEANED)}
    plain = {f"{label}/{n}.jpg": image(label, n) for label in CLASSES for n in range(3)}
    path = make_zip(files=plain | files) if kind == "zip" else tar(tmp_path / "a.tar", plain | files)
    dataset = import_path(workspace, path)
    assert set(CLEANED.values()) <= set(dataset.frame["name"]) and accounted(dataset.report)
    kept = [path.name for path in workspace.root.rglob("*") if path.is_file()]
    assert not [name for name in kept if any(odd in name for odd in ("CON", "aux", "evil", "<", "cmd", "line", "$"))]


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_name_of_4000_characters_is_left_out(make_zip, tmp_path, kind):
    plain = {f"{label}/{n}.jpg": image(label, n) for label in CLASSES for n in range(3)}
    files = plain | {"red/" + "x" * 4000 + ".jpg": image("red", 99)}
    report = check(make_zip(files=files) if kind == "zip" else tar(tmp_path / "a.tar", files))
    (name,) = left_out(report)
    assert "longer than the 1,000" in left_out(report)[name] and len(name) == LONGEST_NAME and accounted(report)


def test_names_equal_but_for_case_and_names_that_come_twice_are_kept_apart(make_zip, tmp_path):
    path = make_zip(CLASSES, {"red/A.jpg": image("red", 50), "red/a.jpg": image("red", 51)})
    with pytest.warns(UserWarning, match="Duplicate name"):
        add(path, ("red/a.jpg", image("red", 52)))
    report = check(path)
    assert report.images == 9 and accounted(report)


def test_names_stay_apart_even_where_one_is_called_like_a_second():
    assert unique(["a", "a", "a (2)", "a"]) == ["a", "a (3)", "a (2)", "a (4)"]


def test_a_zero_byte_in_a_name_of_a_tar_is_damage(tmp_path):
    path = tar(
        tmp_path / "a.tar", {f"{label}/{n}.jpg": image(label, n) for label in CLASSES for n in range(3)}, mode="w"
    )
    raw = path.read_bytes().replace(b"red/1.jpg", b"red/1\0jpg", 1)
    path.write_bytes(raw)
    with pytest.raises(DataError, match="cut short or damaged"):  # its checksum is wrong now
        check(path)


# Bombs ----------------------------------------------------------------------------------------------------------------


def test_an_archive_in_the_archive_is_left_out_unopened(make_zip, tmp_path):
    inner = make_zip({"green": 3}, name="inner.zip").read_bytes()
    report = check(make_zip(CLASSES, {"red/inner.zip": inner, "red/inner.tar.gz": b"\x1f\x8b\x08"}))
    assert set(left_out(report)) == {"red/inner.zip", "red/inner.tar.gz"} and accounted(report)
    assert all("It is an archive, and" in why for why in left_out(report).values())


def test_very_many_empty_files_are_counted_before_they_are_listed(workspace, tmp_path, monkeypatch):
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(3000):
            archive.writestr(f"a/{number}", b"")
    raw = bytearray(path.read_bytes())
    raw[-14:-12] = raw[-12:-10] = (7).to_bytes(2, "little")  # it claims to hold 7
    path.write_bytes(raw)
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("it was opened"))
    refused(workspace, path, "holds 3,000 files; at most 2,000", Limits(entries=2000))


def test_a_second_directory_is_counted_too(workspace, tmp_path, monkeypatch):
    """The end of a large ZIP says where its directory is, and the library believes it whatever the usual end says."""
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(3000):
            archive.writestr(f"a/{number}", b"")
    raw = path.read_bytes()
    at = raw.rfind(b"PK\x05\x06")
    size, offset = struct.unpack("<2L", raw[at + 12 : at + 20])
    large = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 3000, 3000, size, offset)
    where = struct.pack("<4sLQL", b"PK\x06\x07", 0, at, 1)
    path.write_bytes(raw[:at] + large + where + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 7, 7, 0, 0, 0))
    assert len(zipfile.ZipFile(path).infolist()) == 3000
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("it was opened"))
    refused(workspace, path, "holds 3,000 files; at most 2,000", Limits(entries=2000))


def test_files_that_share_their_bytes(workspace, make_zip):
    path = make_zip(CLASSES)
    raw = bytearray(path.read_bytes())
    first = raw.find(b"PK\x01\x02")
    second = raw.find(b"PK\x01\x02", first + 4)
    raw[second + 42 : second + 46] = (10).to_bytes(4, "little")  # begins in the middle of the first
    path.write_bytes(raw)
    refused(workspace, path, "lie over one another")


def claiming(width, height):
    """A PNG whose header claims a size, with next to nothing in it."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def test_large_images_do_not_wait_for_a_core_in_memory(make_zip, monkeypatch):
    """However many cores there are: no further one is read while those that wait have more than `AHEAD_BYTES`."""
    seen, inspect, is_table = [], intake.inspect, intake.is_table
    monkeypatch.setattr(intake, "AHEAD_BYTES", 0)
    monkeypatch.setattr(intake, "is_table", lambda name: seen.append("read") or is_table(name))
    monkeypatch.setattr(intake, "inspect", lambda *given: seen.append("decoded") or inspect(*given))
    assert check(make_zip(CLASSES)).images == 6 and seen == ["read", "decoded"] * 6


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_text(size):
    """A PNG with a compressed text that is much larger than itself."""
    whole = image("red", 77, ending="png")
    text = b"Comment\0\0" + zeros(size)
    return whole[:33] + chunk(b"zTXt", text) + whole[33:]


def zeros(size):
    """As `zlib.compress(bytes(size))`, for any number of megabytes at once."""
    pack = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = pack.compress(bytes(2**20)) + pack.flush(zlib.Z_FULL_FLUSH)
    return b"\x78\xda" + block * (size // 2**20) + pack.flush() + struct.pack(">HH", size % 65521, 1)


def frames(number):
    """A GIF that shows its one frame again and again."""
    file = io.BytesIO()
    Image.effect_noise((24, 24), 90).convert("P").save(file, "GIF")
    raw = file.getvalue()
    begins = raw.find(b"\x2c\0\0\0\0")
    return raw[:begins] + raw[begins:-1] * number + b";"


def test_images_that_would_fill_the_memory(make_zip):
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    files = {
        "red/claims.png": claiming(60_000, 60_000),
        "red/text.png": with_text(2**30),
        "red/animation.gif": frames(100_000),
    }
    report = check(make_zip(CLASSES, files))
    out = left_out(report)
    assert "60000 x 60000" in out["red/claims.png"]
    assert accounted(report) and report.images in (7, 8) and "red/animation.gif" not in out
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000  # kilobytes


# Other kinds of archive -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("photos.z01", b"whatever", "one part of several"),
        ("photos.zip.001", b"whatever", "one part of several"),
        ("photos.part1.rar", b"Rar!\x1a\x07", "one part of several"),
        ("photos.rar", b"Rar!\x1a\x07\x01\x00", "is a RAR archive, which Graft does not read"),
        ("photos.7z", b"7z\xbc\xaf\x27\x1c", "is a 7z archive, which Graft does not read"),
        ("photos.gz", b"\x1f\x8b\x08" + bytes(40), "no whole TAR"),
        ("photos.exe", b"MZ\x90", "is not a ZIP or TAR"),
        ("photos.zip", b"PK\x03\x04", "cut short or damaged"),
        ("photos.zip", b"PK\x05\x06" + bytes(18), "no image in it"),
    ],
)
def test_what_is_no_archive_of_ours(workspace, tmp_path, name, data, words):
    (tmp_path / name).write_bytes(data)
    refused(workspace, tmp_path / name, words)


def test_the_last_part_of_several(workspace, make_zip):
    path = make_zip(CLASSES)
    raw = bytearray(path.read_bytes())
    end = raw.rfind(b"PK\x05\x06")
    raw[end + 4 : end + 8] = b"\x02\x00\x02\x00"
    path.write_bytes(raw)
    refused(workspace, path, "one part of several")


def test_the_pixels_of_a_image_are_a_setting(make_zip, monkeypatch):
    files = {"red/large.jpg": image("red", 9, size=(400, 300))}
    assert check(make_zip(CLASSES, files)).images == 7
    monkeypatch.setenv("GRAFT_MAX_PIXELS", "100000")
    out = left_out(check(make_zip(CLASSES, files)))
    assert out == {
        "red/large.jpg": "The image claims 400 x 300 pixels; at most 0.1 million are read. Make it smaller first."
    }


def test_limits_are_settings(monkeypatch):
    monkeypatch.setenv("GRAFT_MAX_ENTRIES", "5")
    assert Limits.from_environment() == Limits(entries=5)
    monkeypatch.setenv("GRAFT_MAX_ENTRIES", "-5; rm")
    with pytest.raises(DataError, match="whole number above 0"):
        Limits.from_environment()


def test_a_sparse_tar_of_zeros_is_ended_by_its_size(workspace, tmp_path):
    member = tarfile.TarInfo("red/zeros.bmp")
    member.size = 200 * 10**9
    path = tmp_path / "a.tar"
    path.write_bytes(member.tobuf() + bytes(1024))
    refused(workspace, path, "would unpack to 200 GB")
