"""What is read back fits its schema, or is one error with its reason."""

import os
from dataclasses import dataclass

import pytest

from core.errors import DamagedError, GraftError
from core.processes import signed
from core.records import Count, Moment, put_aside, read
from core.tables import read_table
from tests.damage import WHOLE, put


@dataclass(frozen=True)
class Kept:
    name: str
    many: Count
    when: Moment = 0.0


def test_what_fits_is_read(tmp_path):
    (tmp_path / "kept.json").write_text('{"name": "a", "many": 3, "more": true}')
    assert read(tmp_path / "kept.json", Kept) == Kept("a", 3)


@pytest.mark.parametrize("damage", WHOLE)
def test_what_does_not_is_one_error(tmp_path, damage):
    put(tmp_path / "kept.json", WHOLE[damage])
    with pytest.raises(DamagedError) as raised:
        read(tmp_path / "kept.json", Kept)
    error = raised.value
    assert isinstance(error, GraftError) and isinstance(error, ValueError)
    assert str(error).startswith("The file kept.json in ") and error.reason in str(error) and len(error.reason) < 200


@pytest.mark.parametrize("many", ["-1", "1e400", "NaN", "1.5", '"many"', "[]", "null", "9" * 30, "9" * 5000])
def test_numbers_are_in_their_range(tmp_path, many):
    (tmp_path / "kept.json").write_text(f'{{"name": "a", "many": {many}}}')
    with pytest.raises(DamagedError, match="many|number"):
        read(tmp_path / "kept.json", Kept)


def test_what_is_not_there_is_not_damaged(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "none.json", tmp_path / "file" / "none.json"):
        with pytest.raises(FileNotFoundError):
            read(path, Kept)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes with a name")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "kept.json")
    with pytest.raises(DamagedError):
        read(tmp_path / "kept.json", Kept)


def test_what_is_put_aside_stays(tmp_path):
    for text in "ab":
        (tmp_path / "kept.json").write_text(text)
        put_aside(tmp_path / "kept.json")
    assert sorted(path.read_text() for path in tmp_path.iterdir()) == ["a", "b"]


def test_a_table_has_its_columns(tmp_path):
    import pandas as pd

    pd.DataFrame({"name": ["a"], "many": ["x"]}).to_parquet(tmp_path / "rows.parquet")
    assert list(read_table(tmp_path / "rows.parquet", {"name": "str", "more": "int64"}, {"more": 2})["more"]) == [2]
    for columns in ({"name": "str", "more": "int64"}, {"many": "int64"}):
        with pytest.raises(DamagedError):
            read_table(tmp_path / "rows.parquet", columns)
    put(tmp_path / "rows.parquet", b"PAR1 no table PAR1")
    with pytest.raises(DamagedError):
        read_table(tmp_path / "rows.parquet", {})


@pytest.mark.parametrize("number", ["0", "-1", "1", "9" * 12, "x", ""])
def test_no_damaged_number_names_many_processes(tmp_path, number):
    (tmp_path / "pid").write_text(f"{number}\n")
    with pytest.raises(ValueError):
        signed(tmp_path / "pid")
