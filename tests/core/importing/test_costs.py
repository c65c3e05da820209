"""Small files that would cost much: what they may take is bounded, and who gave them is told which it was."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest

from core.errors import DataError
from core.importing import intake
from core.importing.importing import check, memory_for
from core.importing.tables import cells as tables
from core.importing.tables import manifest
from core.processes import limited_memory
from tests.conftest import image

IMAGES = {f"{label}/{number}.jpg": image(label, number) for label in ("red", "blue") for number in range(3)}
ROOT = Path(__file__).parents[3]


def cost(path):
    """Seconds of processor and bytes of memory that a check takes in a process of its own, and what it says."""
    code = (
        "import json, time; from pathlib import Path; from core.importing.importing import check\n"
        f"began = time.process_time(); report = check(Path({str(path)!r})); spent = time.process_time() - began\n"
        "memory = next(int(line.split()[1]) for line in open('/proc/self/status') if line.startswith('VmHWM'))\n"
        "print(json.dumps([spent, memory * 1024, len(report.findings)]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=240)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_small_archive_with_very_many_rows_is_quick(make_zip):
    rows = b"path,label\nred/0.jpg,x\nblue/0.jpg,y\n" + b"red/0.jpg,x\n" * 400_000
    seconds, memory, _ = cost(make_zip(files={**IMAGES, "t.csv": rows}))
    assert seconds < 10 and memory < 600 * 10**6  # 8 s and 0.9 GB before


def test_rows_that_name_no_image_cost_little(make_zip):
    rows = "path,label\nred/0.jpg,x\nblue/0.jpg,y\n" + "".join(f"{number}.jpg,x\n" for number in range(200_000))
    seconds, memory, _ = cost(make_zip(files={**IMAGES, "t.csv": rows.encode()}))
    assert seconds < 15 and memory < 600 * 10**6


def test_all_the_tables_together_have_so_many_rows(make_zip, monkeypatch):
    monkeypatch.setattr(manifest, "MOST_ROWS", 25)
    rows = b"path,label\nred/0.jpg,x\nblue/0.jpg,y\n" + b"red/1.jpg,x\n" * 8
    report = check(make_zip(files={**IMAGES, **{f"{number}.csv": rows for number in range(4)}}))
    told = [one.why for one in report.findings if one.kind == "left out"]
    assert len(told) == 1 and "Together the tables have more than the 25 rows" in told[0]


def test_a_file_that_takes_too_long_is_named(make_zip, monkeypatch):
    ended = Event()

    def slow(name, *_):
        if name == "red/1.jpg":
            ended.wait(60)
        return []

    monkeypatch.setattr(intake, "SECONDS_A_FILE", 0.1)
    monkeypatch.setattr(intake, "inspect_pages", slow)
    with pytest.raises(DataError, match=r"'red/1.jpg' takes longer than the 0 s"):
        check(make_zip(files=IMAGES))
    ended.set()


def test_memory_is_bounded_and_grows_with_what_is_given(tmp_path):
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(b"x" * 10)
    large.write_bytes(b"x" * 10**6)
    assert 2**30 < memory_for(small) < memory_for(large) < memory_for(small) + 10**8
    code = (
        "from core.processes import limited_memory\n"
        "with limited_memory(600 * 2**20):\n"
        "    try:\n        bytearray(2**30); print('taken')\n"
        "    except MemoryError:\n        print('refused')\n"
        "print(len(bytearray(2**30)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.stdout.split() == ["refused", str(2**30)], done.stderr


def test_a_table_that_needs_more_memory_says_so(monkeypatch):
    def full(*_):
        raise MemoryError

    monkeypatch.setattr(tables, "_as_frame", full)
    with pytest.raises(DataError, match=r"'t.csv' takes more memory"):
        tables.read_table("t.csv", b"a,b\n1,2\n")
    with limited_memory(2**40):
        pass
