"""Archives and tables put together at random from hostile pieces: Graft's own errors alone, nothing outside, nothing
unaccounted for."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.data.entries import Limits
from core.data.importing import import_path
from core.data.report import Report
from core.errors import GraftError
from core.workspace import Workspace
from tests.conftest import picture
from tests.core.data.test_hostile import accounted, claiming, frames, with_text

PIECES = """red blue train val .. . C: CON nul.jpg a.jpg A.jpg b.png =cmd|'/C!A0 <script>alert(1)</script> $x^2$ **b**
    🦊 __MACOSX é .hidden Thumbs.db metadata.csv t.jsonl t.parquet t.tsv manifest.json in.zip in.tar.gz %00 ~""".split()  # noqa: SIM905
PIECES += ["", "\u202egpj", "line\nbreak", "x" * 300, "e\u0301", "\0"]
WHOLE = [picture(label, number) for label in ("red", "blue") for number in range(3)]
CONTENTS = [
    *WHOLE, b"", b"hello", WHOLE[0][:300], picture("red", 1, ending="png"), picture("red", 2, ending="gif"),
    claiming(60_000, 60_000), with_text(2**22), frames(200), b"PK\x05\x06" + bytes(18), bytes(2**21),
]  # fmt: skip
CELLS = 'red/a.jpg a.jpg ../a.jpg /etc/passwd C:\\x red 1 2.5 nan inf 1e999 =1+1 🦊 "'.split()  # noqa: SIM905
CELLS += ["", "\0", "red|1", "['red' '1']", "[[1]]", "[1 2]", "[]"]
HEADS = ["path", "file_name", "label", "target", "split", "group", "price", "", "path"]

paths = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("/".join)
rows = st.lists(st.lists(st.sampled_from(CELLS), min_size=0, max_size=5), max_size=6)
tables = st.builds(
    lambda head, body, separator, encoding: "\n".join(separator.join(row) for row in [head, *body]).encode(encoding),
    st.lists(st.sampled_from(HEADS), min_size=0, max_size=5),
    rows,
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
entries = st.lists(st.tuples(paths, st.sampled_from(CONTENTS) | tables | st.binary(max_size=200)), max_size=10)
plain = [
    (f"{label}/{number}.jpg", WHOLE[3 * (label == "blue") + number]) for label in ("red", "blue") for number in range(3)
]


def as_zip(path: Path, members: list[tuple[str, bytes]]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name or "unnamed"), data)


def as_tar(path: Path, members: list[tuple[str, bytes]]) -> None:
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for number, (name, data) in enumerate(members):
            member = tarfile.TarInfo(name.replace("\0", ""))
            if number % 7 == 6:
                member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
                archive.addfile(member)
                continue
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def listing(folder: Path) -> set[str]:
    return {os.fsdecode(path) for path in folder.rglob("*")}


def imported(workspace: Workspace, path: Path) -> Report | None:
    """The report; None if it was refused, in a sentence and leaving nothing."""
    try:
        return import_path(workspace, path, limits=Limits(file_bytes=2**20)).report
    except GraftError as error:
        said = str(error)
    assert said and "\n" not in said
    assert not [name for name in os.listdir(workspace.datasets) if not name.endswith(".lock")]
    return None


@pytest.mark.filterwarnings("ignore:Duplicate name")
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(members=entries, honest=st.booleans(), packed=st.sampled_from([as_zip, as_tar]), kept=st.floats(0.2, 1))
def test_anything_at_all(members, honest, packed, kept):
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.open(Path(folder) / "workspace")
        path = Path(folder) / "given"
        packed(path, [*members, *(plain if honest else [])])
        if kept < 0.4:  # cut short
            path.write_bytes(path.read_bytes()[: int(kept * 2 * path.stat().st_size)])
        shutil.copyfile(path, path.with_name("copy"))
        before = {name for name in listing(Path(folder)) if "workspace" not in name}
        report = imported(workspace, path)
        assert report is None or accounted(report), report
        assert {name for name in listing(Path(folder)) if "workspace" not in name} == before
        assert path.read_bytes() == path.with_name("copy").read_bytes()
