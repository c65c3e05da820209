"""Texts as people really have them: see tests/cases/README.md."""

from __future__ import annotations

import re
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core.errors import DataError
from core.importing.importing import check, import_path
from core.modalities.texts.kept import KeptTexts

CASES = Path(__file__).parents[3] / "cases" / "texts.tar.xz"
ELSEWHERE = ("ner_",)  # tests/core/importing/entities


@dataclass(frozen=True)
class Expected:
    """classes: how many texts each has. told: words of findings that say what was not plain; silent: those that must
    not be said. several: labels a text, and how many have none. refused: what the sentence says."""

    classes: dict[str, int] = field(default_factory=dict)
    told: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    splits: tuple[int, int, int] | None = None
    several: int | None = None
    number: tuple[str, float, float] | None = None
    pairs: bool = False
    refused: str = ""


def of(classes, *told, **more):
    return Expected(classes, told, **more)


EXPECTED: dict[str, Expected] = {
    "csv_backslash_quotes": of({"delivery": 8, "return": 8}, r"8 quotes were written \\"),
    "csv_nul_bytes": of({"invoice": 8, "return": 8}, "2 NUL characters were taken out"),
    "csv_saved_index_twice": of({"sport": 9, "trade": 9}, silent=("guess",)),
    "csv_sep_line": of({"sport": 10, "weather": 10}),
    "enc_gbk": of({"好评": 8, "差评": 8}, r"Chinese, simplified \(GBK\)"),
    "folder_empty_pdf_docx": of(
        {"question": 8, "return": 8}, "2 files left out. There is no text", "It is a PDF", "It is a Word file"
    ),
    "folder_files_without_ending": of(
        {"misc.sport": 6, "misc.tools": 6, "misc.weather": 6}, "Western European", "Café", silent=("left out",)
    ),
    "jsonl_commas_at_line_ends": of({"delivery": 8, "return": 8}, silent=("no JSON",)),
    "jsonl_half_surrogates": of({"complaint": 7, "praise": 7}, "2 cells held half of an emoji"),
    "jsonl_line_separators_inside": of({"question": 8, "weather": 8}, silent=("left out",)),
    "jsonl_nan_null_twice": of(
        {"complaint": 8, "praise": 8},
        *("2 texts left out. There is no text", "2 texts have no class", "2 objects have a key twice.*label"),
    ),
    "label_among_other_columns": of({"negative": 7, "neutral": 7, "positive": 7}),
    "label_blanks_and_case": of({"Delivery": 12, "Invoice": 12}, "spellings were joined.*Delivery.*Invoice"),
    "label_conflicts_and_repeats": of(
        {"complaint": 11, "praise": 14},
        "2 texts have copies with different classes",
        "3 texts are in it more than once",
    ),
    "label_minus_one_zero_one": of({"-1": 8, "0": 8, "1": 8}, silent=("capitals",)),
    "label_true_false_spellings": of({"no": 12, "yes": 12}, "6 other spellings were joined"),
    "number_decimal_comma": Expected(number=("Note", 1.08, 4.8)),
    "pairs_gold_label_dash": of(
        {"contradiction": 4, "entailment": 4, "neutral": 4}, "3 texts have no class", pairs=True
    ),
    "pairs_ids_and_empty_second": of({"0": 7, "1": 7}, "2 texts left out. One of its two texts is empty", pairs=True),
    "parquet_names_in_metadata": of({"sport": 7, "trade": 7, "weather": 7}),
    "several_json_in_cell": of({"metal": 8, "paint": 8, "wood": 8}, several=2),
    "several_label_studio_csv": of({"bad": 7, "good": 7, "price": 3}, "1 text has no label", several=0),
    "several_one_hot_true_false": of({"broken": 6, "late": 5, "price": 5, "rude": 3, "smell": 4}, several=8),
    "split_column_spelled_differently": of(
        {"delivery": 15, "invoice": 15}, "1 text is in no part by the column 'set'", splits=(22, 4, 4)
    ),
    "split_files_disagree": of(
        {"contradiction": 6, "contradictory": 3, "entails": 9, "neutral": 6, "unclear": 3},
        *("no training text: contradictory, unclear", r"contradictory \(as contradiction\?\)", "columns otherwise"),
        splits=(15, 3, 9),
    ),
}


@pytest.fixture(scope="module")
def cases(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("cases")
    with tarfile.open(CASES, encoding="utf-8", errors="surrogateescape") as archive:
        archive.extractall(folder, filter="data")
    return folder


def given(cases: Path, name: str) -> Path:
    held = [path for path in (cases / name).iterdir() if not path.name.startswith("README")]
    return held[0] if len(held) == 1 else cases / name


def test_every_case_is_expected(cases):
    assert {path.name for path in cases.iterdir() if not path.name.startswith(ELSEWHERE)} == {*EXPECTED}


@pytest.mark.parametrize("name", EXPECTED)
def test_it_is_read_as_people_mean_it(cases, name):
    expected = EXPECTED[name]
    if expected.refused:
        with pytest.raises(DataError, match=expected.refused):
            check(given(cases, name))
        return
    report = check(given(cases, name))
    told = "\n".join(f"{one.kind}: {one.title} {one.why}" for one in report.findings)
    assert report.classes == expected.classes and report.unlabelled == expected.several
    assert all(re.search(words, told) for words in expected.told), told
    assert not any(re.search(words, told) for words in expected.silent), told
    assert expected.splits is None or tuple(report.splits.values()) == expected.splits
    numbers = report.numbers and (report.numbers.name, report.numbers.smallest, report.numbers.largest)
    assert numbers == expected.number


def kept(workspace, path):
    made = import_path(workspace, path)
    return made, KeptTexts(made.path("texts.arrow"))[made.frame["row"]]


def test_what_is_kept_is_the_text(cases, workspace):
    made, texts = kept(workspace, given(cases, "csv_backslash_quotes"))
    assert texts[1] == ('The driver left the "small", garden hose in the rain before the mill shop.', "")
    made, texts = kept(workspace, given(cases, "jsonl_half_surrogates"))
    assert texts[0][0].endswith("😀 👩\u200d🌾") and texts[4][0].startswith("\ufffd The clay pot")
    made, texts = kept(workspace, given(cases, "pairs_ids_and_empty_second"))
    assert all(first and second for first, second in texts) and "qid1" not in made.frame
    made, texts = kept(workspace, given(cases, "jsonl_line_separators_inside"))
    assert sum(any(c in text for c in "\u2028\u2029\u0085") for text, _ in texts) > 3


def test_repeats_stay_on_one_side(cases, workspace):
    made, texts = kept(workspace, given(cases, "label_conflicts_and_repeats"))
    sides = made.frame.assign(text=[text for text, _ in texts]).groupby("text")["split"].nunique()
    assert len(made.frame) == 25 and len(sides) == 20 and (sides == 1).all()
