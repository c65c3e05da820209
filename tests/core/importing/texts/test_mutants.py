"""Honest tables of texts, damaged at random: each is a dataset or one sentence, and every row is accounted for.

GRAFT_MUTANTS=2000 python -m pytest tests/core/importing/texts/test_mutants.py
"""

from __future__ import annotations

import io
import json
import os
import random
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from core.errors import GraftError
from core.importing.importing import check
from core.limits import Limits
from tests.core.importing.test_hostile import accounted

MUTANTS = int(os.environ.get("GRAFT_MUTANTS", "240"))
SEEDS = 4  # tests that they are divided among
ROWS = [(f"The number {number} came, as promised; it {('shone', 'broke')[number % 2]}.", ("good", "bad")[number % 2]) for number in range(24)]  # fmt: skip  # noqa: E501
PIECES = (
    *(b'"', b'\\"', b"\0", b"\r", b"\n", b",", b";", b"\t", b"[", b"{", b"}", b"]", b"\xff\xfe", b"\xef\xbb\xbf", b"'"),
    *("\u202e\u200b\u2028".encode(), b"\xed\xa0\x80", b"\\ud83d", b"NaN", b"null", b"=cmd|' /C calc'!A0", b"1e999"),
    *(b"9" * 400, b"[" * 3000, b"x" * 20_000, b"," * 2_000, b"<script>alert(1)</script>", b"sep=|\n", b"__label__a "),
    *(b'{"text": "so", "label": ["a", {"b": 1}]}\n', b"O\nB-X\n", b"PAR1", b"%PDF-1.4", b"PK\x03\x04", b"../../x.txt"),
)


def as_parquet() -> bytes:
    file = io.BytesIO()
    pd.DataFrame(ROWS, columns=["text", "label"]).to_parquet(file)
    return file.getvalue()


def as_zip(names: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in names.items():
            archive.writestr(name, data)
    return file.getvalue()


CSV = pd.DataFrame(ROWS, columns=["text", "label"]).to_csv(index=False).encode()
LINES = "\n".join(json.dumps({"text": text, "label": label}) for text, label in ROWS).encode()
HONEST = {
    "t.csv": CSV,
    "t.tsv": CSV.replace(b",", b"\t"),
    "t.jsonl": LINES,
    "t.json": b"[" + LINES.replace(b"\n", b",\n") + b"]",
    "t.txt": "\n".join(f"{label}\t{text}" for text, label in ROWS).encode(),
    "t.parquet": as_parquet(),
    "wide.csv": pd.DataFrame({"text": [text for text, _ in ROWS], "a": 1, "b": 0, "split": "train"}).to_csv().encode(),
    "t.zip": as_zip({f"{label}/{number}.txt": text.encode() for number, (text, label) in enumerate(ROWS)}),
    "tables.zip": as_zip({"train.csv": CSV, "test.csv": CSV.replace(b"text", b"review"), "readme.txt": b"so"}),
}  # fmt: skip


def damaged(data: bytes, chance: random.Random) -> bytes:
    raw = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        at = chance.randrange(len(raw) + 1)
        match chance.randrange(5):
            case 0:
                raw[at:at] = chance.choice(PIECES)
            case 1:
                raw[at : at + chance.choice((1, 2, 30))] = chance.choice(PIECES)
            case 2:
                del raw[at : at + chance.choice((1, 5, 200))]
            case 3:
                raw[at:at] = raw[: chance.randrange(200)]
            case _:
                raw[at : at + 1] = bytes([chance.randrange(256)])
    return bytes(raw)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_damaged_table_is_a_dataset_or_a_sentence(tmp_path, seed):
    chance = random.Random(seed)
    kept = 0
    for number in range(MUTANTS // SEEDS):
        name = chance.choice(list(HONEST))
        folder = tmp_path / str(number)
        folder.mkdir()
        path = folder / name
        path.write_bytes(damaged(HONEST[name], chance))
        try:
            report = check(path, limits=Limits(file_bytes=2**20))
        except GraftError as error:
            said = str(error)
            assert said and "\n" not in said, (name, said)
            continue
        kept += 1
        assert accounted(report), (name, report)
        assert [each.name for each in Path(folder).iterdir()] == [name]
    assert kept > MUTANTS / SEEDS / 3  # or they say little
