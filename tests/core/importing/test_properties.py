"""Archives and tables put together at random from hostile pieces: Graft's own errors alone, nothing outside, nothing
unaccounted for."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.data.report import Report
from core.errors import GraftError
from core.importing.importing import import_path
from core.limits import Limits
from core.workspace import Workspace
from tests.conftest import image
from tests.core.importing.test_hostile import accounted, claiming, frames, with_text

PIECES = """red blue train val .. . C: CON nul.jpg a.jpg A.jpg b.png =cmd|'/C!A0 <script>alert(1)</script> $x^2$ **b**
    🦊 __MACOSX é .hidden Thumbs.db metadata.csv t.jsonl t.parquet t.tsv manifest.json in.zip in.tar.gz %00 ~""".split()  # noqa: SIM905
PIECES += ["", "\u202egpj", "line\nbreak", "x" * 300, "e\u0301", "\0"]
WHOLE = [image(label, number) for label in ("red", "blue") for number in range(3)]
CONTENTS = [
    *WHOLE, b"", b"hello", WHOLE[0][:300], image("red", 1, ending="png"), image("red", 2, ending="gif"),
    claiming(60_000, 60_000), with_text(2**22), frames(200), b"PK\x05\x06" + bytes(18), bytes(2**21),
]  # fmt: skip
CELLS = 'red/a.jpg a.jpg ../a.jpg /etc/passwd C:\\x red 1 2.5 nan inf 1e999 =1+1 🦊 "'.split()  # noqa: SIM905
CELLS += ["", "\0", "red|1", "['red' '1']", "[[1]]", "[1 2]", "[]"]
HEADS = ["path", "file_name", "label", "target", "split", "group", "price", "", "path"]

MADE = re.compile(  # all that an import may write into the workspace, under names of Graft's own
    r"datasets(/[a-z0-9-]{1,43}(/(dataset|report)\.json|/(columns|unlabelled)\.parquet|/images(/[0-9a-f]{2}(/[0-9a-f]{64}\.[a-z0-9]{1,5})?)?"
    r"|/texts(/texts\.arrow)?|/versions(/1\.(json|parquet))?)?|/\.naming\.lock)?|runs|jobs|cache"
)

paths = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("/".join)
rows = st.lists(st.lists(st.sampled_from(CELLS), min_size=0, max_size=5), max_size=6)
written = st.builds(
    lambda head, body, separator, encoding: "\n".join(separator.join(row) for row in [head, *body]).encode(encoding),
    st.lists(st.sampled_from(HEADS), min_size=0, max_size=5),
    rows,
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)


def as_parquet(head: list[str], body: list[list[str]]) -> bytes:
    file = io.BytesIO()
    columns = {name: [dict(zip(head, row)).get(name) for row in body] for name in head}
    pd.DataFrame(columns, dtype=object).to_parquet(file)
    return file.getvalue()


tables = (
    written
    | st.builds(as_parquet, st.lists(st.sampled_from(HEADS), max_size=4), rows)
    | st.builds(
        lambda head, body: "\n".join(json.dumps(dict(zip(head, row))) for row in body).encode(),
        st.lists(st.sampled_from([*HEADS, "\ud800"]), max_size=4),
        st.lists(st.lists(st.sampled_from([*CELLS, None, 1e999, [[]], "\ud800"]), max_size=4), max_size=6),
    )
)
entries = st.lists(st.tuples(paths, st.sampled_from(CONTENTS) | tables | st.binary(max_size=200)), max_size=10)
plain = [
    (f"{label}/{number}.jpg", WHOLE[3 * (label == "blue") + number]) for label in ("red", "blue") for number in range(3)
]


def as_zip(path: Path, members: list[tuple[str, bytes]]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for number, (name, data) in enumerate(members):
            member = zipfile.ZipInfo(name or "unnamed")
            member.compress_type = zipfile.ZIP_BZIP2 if number % 7 == 5 else zipfile.ZIP_DEFLATED
            member.external_attr = (0o120777 if number % 7 == 6 else 0o100644) << 16
            archive.writestr(member, data)


ODD = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE)


def as_tar(path: Path, members: list[tuple[str, bytes]]) -> None:
    mode = ("w:gz", "w", "w:xz", "w:bz2")[len(members) % 4]
    with tarfile.open(path, mode, format=tarfile.PAX_FORMAT if len(members) % 3 else tarfile.GNU_FORMAT) as archive:
        for number, (name, data) in enumerate(members):
            member = tarfile.TarInfo(name.replace("\0", ""))
            if number % 7 == 6:
                member.type, member.linkname = ODD[len(name) % len(ODD)], "/etc/passwd"
                archive.addfile(member)
                continue
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def contents(folder: Path) -> dict[str, bytes]:
    """All that lies below a folder, by its path from there; of folders nothing more than that they are there."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return {name: path.read_bytes() if path.is_file() else b"" for name, path in found.items()}


def imported(workspace: Workspace, path: Path) -> Report | None:
    """The report; None if it was refused, in a sentence."""
    try:
        return import_path(workspace, path, limits=Limits(file_bytes=2**20)).report
    except GraftError as error:
        said = str(error)
    assert said and "\n" not in said
    return None


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """A workspace with somebody's dataset."""
    folder = tmp_path_factory.mktemp("before")
    as_zip(folder / "given", plain)
    import_path(Workspace.open(folder / "workspace"), folder / "given")
    return folder / "workspace"


@pytest.mark.filterwarnings("ignore:Duplicate name")
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(
    members=entries,
    honest=st.booleans(),
    packed=st.sampled_from([as_zip, as_tar]),
    kept=st.floats(0.2, 1),
    damage=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=3),
)
def test_anything_at_all(before, members, honest, packed, kept, damage):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "workspace"
        shutil.copytree(before, root)
        path = Path(folder) / "given"
        packed(path, [*members, *(plain[:-1] if honest else [])])
        raw = bytearray(path.read_bytes())
        raw = raw[: int(kept * 2 * len(raw))] if kept < 0.4 else raw  # cut short
        for place, value in damage if kept < 0.6 else ():
            raw[int(place * len(raw))] = value
        path.write_bytes(raw)
        theirs = contents(root)
        report = imported(Workspace.open(root), path)
        assert report is None or accounted(report), report
        after = contents(root)
        assert theirs.items() <= after.items()  # nobody's dataset was touched
        new = after.keys() - theirs.keys()
        assert all(MADE.fullmatch(name) for name in new) and (report is not None or not new), new
        assert sorted(os.listdir(folder)) == ["given", "workspace"] and path.read_bytes() == raw
