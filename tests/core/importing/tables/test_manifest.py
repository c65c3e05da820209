"""Tables that say what the images are, as people and other tools write them."""

from __future__ import annotations

import io
import json
import tracemalloc

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import DataError
from core.importing.importing import check, import_path
from core.importing.tables import cells as tables
from core.importing.tables.cells import read_numbers, read_table
from core.limits import Limits
from tests.conftest import image

IMAGES = {f"img/{number}.jpg": image("red", number) for number in range(8)}
ROWS = [(f"img/{number}.jpg", "cat" if number % 2 else "dog") for number in range(8)]


def csv(rows, head="path,label", separator=","):
    return (head + "\n" + "\n".join(separator.join(map(str, row)) for row in rows) + "\n").encode()


def parquet(frame):
    file = io.BytesIO()
    frame.to_parquet(file)
    return file.getvalue()


def answers(dataset):
    return dict(zip(dataset.frame["name"], dataset.frame["label"]))


FORMS = {
    "table.csv": csv(ROWS),
    "semicolons.csv": csv(ROWS, "path;label", ";"),
    "table.tsv": csv(ROWS, "path\tlabel", "\t"),
    "mark.csv": b"\xef\xbb\xbf" + csv(ROWS),
    "utf16.csv": csv(ROWS).decode().encode("utf-16"),
    "windows.csv": csv(ROWS).replace(b"\n", b"\r\n"),
    "backslashes.csv": csv([(path.replace("/", "\\"), label) for path, label in ROWS]),
    "table.jsonl": "\n".join(json.dumps({"file": path, "class": label}) for path, label in ROWS).encode(),
    "hyphen.csv": csv(ROWS, "File-Name,Class"),
    "headless.csv": csv(ROWS)[len("path,label\n") :],
    "mac.csv": csv(ROWS).replace(b"\n", b"\r"),
    "blank.csv": b"\r\n\r\n" + csv(ROWS),
    "table.parquet": parquet(pd.DataFrame(ROWS, columns=["filename", "category"])),
    "onehot.csv": csv([(path, int(label == "cat"), int(label == "dog")) for path, label in ROWS], "filename, cat, dog"),
    "short.csv": csv([(path.split("/")[1], label) for path, label in ROWS]),
    "order.csv": csv([(n, label, path) for n, (path, label) in enumerate(ROWS)], "id,species,image_path"),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_table_says_the_classes(workspace, make_zip, name):
    dataset = import_path(workspace, make_zip(files={**IMAGES, name: FORMS[name]}))
    assert answers(dataset) == dict(ROWS) and dataset.report.tables == [name] and dataset.report.files == 9


@pytest.mark.parametrize(("head", "below"), [("id,breed", "img/"), ("image-id,label", "")])
def test_ids_without_the_ending_of_the_file(workspace, make_zip, head, below):
    rows = [(path.removeprefix(below).removesuffix(".jpg"), label) for path, label in ROWS]
    assert answers(import_path(workspace, make_zip(files={**IMAGES, "t.csv": csv(rows, head)}))) == dict(ROWS)


def test_a_competition_with_images_to_answer_for(workspace, make_zip):
    files = {f"train/{number}.jpg": image("red", number) for number in range(8)}
    files |= {f"test/{number}.jpg": image("blue", number) for number in range(20, 24)}
    files["train.csv"] = csv([(number, "cat" if number % 2 else "dog") for number in range(8)], "id,breed")
    files["test.csv"] = csv([(number,) for number in range(20, 24)], "id")
    files["sample_submission.csv"] = csv([(number, "cat") for number in range(20, 24)], "id,breed")
    report = import_path(workspace, make_zip(files=files)).report
    assert report.classes == {"cat": 4, "dog": 4} and report.splits["validation"] == 2
    (homeless,) = [one.files for one in report.findings if one.kind == "no class"]
    assert homeless == [f"test/{number}.jpg" for number in range(20, 24)]


def test_a_number_among_the_answers_is_not_taken_for_an_id(workspace, make_zip):
    rows = [(number % 2, path) for number, (path, _) in enumerate(ROWS)]
    dataset = import_path(workspace, make_zip(files={**IMAGES, "t.csv": csv(rows, "label,where")}))
    assert dataset.classes == ("0", "1")


def test_a_table_without_answers_says_how_to_name_them(workspace, make_zip):
    rows = [(path, "x", "y") for path, _ in ROWS]
    files = {path.split("/")[1]: data for path, data in IMAGES.items()}
    with pytest.raises(DataError, match="does not tell what they are. Call the column"):
        import_path(workspace, make_zip(files={**files, "t.csv": csv(rows, "path,mood,weather")}))


@pytest.mark.parametrize("before", ["/home/someone/pets/", "C:\\pets\\", "../", "./", "pets/../"])
def test_paths_as_another_machine_has_them(make_zip, before):
    names = [f"{label}/{number}.jpg" for label in ("cat", "dog") for number in range(3)]
    files = {name: image(name) for name in names}
    table = csv([(before + name, number % 2) for number, name in enumerate(names)])
    report = check(make_zip(files={**files, "tables/t.csv": table}))
    assert report.classes == {"0": 3, "1": 3} and not {"outside", "missing"} & {one.kind for one in report.findings}


def test_whole_paths_in_a_table_beside_its_images(workspace, tmp_path):
    (tmp_path / "set" / "img").mkdir(parents=True)
    for path, data in {**IMAGES, "../outside.jpg": image("red", 9)}.items():
        (tmp_path / "set" / path).write_bytes(data)
    rows = [(tmp_path / "set" / path, label) for path, label in [*ROWS, ("../outside.jpg", "cat")]]
    (tmp_path / "set" / "t.csv").write_bytes(csv(rows))
    report = import_path(workspace, tmp_path / "set" / "t.csv").report
    assert report.images == len(ROWS) and [one.kind for one in report.findings if one.kind == "outside"]


@pytest.mark.parametrize("name", FORMS)
def test_a_table_with_its_images_beside_it(workspace, tmp_path, name):
    for path, data in {**IMAGES, "img/other.jpg": image("blue", 1), name: FORMS[name]}.items():
        (tmp_path / "set" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / path).write_bytes(data)
    if name == "short.csv":
        (tmp_path / "set" / name).rename(tmp_path / "set" / "img" / name)
        dataset = import_path(workspace, tmp_path / "set" / "img" / name)
        assert dataset.name == "short" and len(dataset.frame) == 8
    else:
        dataset = import_path(workspace, tmp_path / "set" / name)
        assert answers(dataset) == dict(ROWS) and dataset.report.findings[0].kind == "few images"


def test_an_image_folder_of_hugging_face_with_a_split_in_its_folders(workspace, make_zip):
    files = {}
    for split, start in (("train", 0), ("test", 6)):
        rows = [(f"{number}.jpg", f"kind {number % 2}") for number in range(start, start + 6)]
        files |= {f"{split}/{name}": image("red", int(name[:-4]) + start) for name, _ in rows}
        files[f"{split}/metadata.csv"] = csv(rows, "file_name,label")
    dataset = import_path(workspace, make_zip(files=files))
    assert set(dataset.classes) == {"kind 0", "kind 1"} and dataset.split.given
    assert dataset.report.splits == {"train": 4, "validation": 2, "test": 6}


def test_split_and_group_columns(workspace, make_zip):
    rows = [
        (path, label, ("train", "val")[number == 7], f"p{number // 2}") for number, (path, label) in enumerate(ROWS)
    ]
    dataset = import_path(workspace, make_zip(files={**IMAGES, "t.csv": csv(rows, "path,label,split,patient_id")}))
    assert dataset.split.given and dataset.report.splits["validation"] == 1
    assert set(dataset.frame["group"]) == {"p0", "p1", "p2", "p3"}
    (finding,) = [one for one in dataset.report.findings if one.kind == "group"]
    assert finding.groups == [["img/6.jpg", "img/7.jpg"]]


@pytest.mark.parametrize(
    ("values", "head", "kind"),
    [
        ([1.5, 2, 3, 4, 5, 6, 7, 8], "path,price", "number"),
        ([f"{n},5" for n in range(8)], "path;price", "number"),
        (["1.234,5", "2", "3", "4", "5", "6", "7", "8"], "path;label", "number"),
        ([1, 2, 3, 1, 2, 3, 1, 2], "path,label", "classes"),
        ([10, 20, 30, 40, 50, 60, 70, 80], "path,value", "number"),
        ([0, 1, 0, 1, 0, 1, 0, 1], "path,target", "classes"),
        (["a", 1, 2, 3, 4, 5, 6, 7], "path,value", "classes"),
        (["NA", "", 2.5, 3, 4, 5, 6, 7], "path,price", "number"),
    ],
)
def test_numbers_make_a_regression_dataset(workspace, make_zip, values, head, kind):
    separator = ";" if ";" in head else ","
    rows = [(path, value) for (path, _), value in zip(ROWS, values)]
    dataset = import_path(workspace, make_zip(files={**IMAGES, "t.csv": csv(rows, head, separator)}))
    assert dataset.kind == kind
    if kind == "number":
        assert dataset.target == head.split(separator)[1] and dataset.classes == ()
        assert dataset.report.numbers.smallest == dataset.frame["target"].min() and not dataset.report.classes
        assert set(dataset.report.splits) == {"train", "validation", "test"} and dataset.report.splits["train"] >= 4


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["950", "1,234", "1,234.5", "1,234,567"], [950, 1234, 1234.5, 1234567]),
        (["2,5", "1.234", "1.234,5", "2.5"], [2.5, 1234, 1234.5, 2.5]),
        (["1.234", "1e-3", "-7"], [1.234, 0.001, -7]),
        (["", "x", "inf", "1e999", "1_000", "1,2,3"], [None] * 6),
        (["1,234", "plenty, really"], [1234, None]),
    ],
)
def test_a_column_tells_what_its_commas_are(cells, numbers):
    read = read_numbers(cells)
    assert [None if np.isnan(read[cell]) else read[cell] for cell in cells] == numbers


def test_everything_a_table_gets_wrong_is_told(workspace, make_zip):
    rows = [
        *ROWS[:5],
        ("../outside.jpg", "cat"),
        ("/etc/passwd", "cat"),
        ("img/none.jpg", "cat"),
        ("img/5.jpg", ""),
        ("img/0.jpg", "cat"),
    ]
    report = import_path(workspace, make_zip(files={**IMAGES, "t.csv": csv(rows)})).report
    found = {one.kind: one for one in report.findings}
    assert found["outside"].files == ["../outside.jpg", "/etc/passwd"]
    assert found["missing"].files == ["img/none.jpg"]
    assert found["no label"].files == ["img/5.jpg"]
    assert found["twice"].files == ["img/0.jpg"]
    assert found["no class"].files == ["img/6.jpg", "img/7.jpg"] and "table" in found["no class"].why
    assert report.images == 5


@pytest.mark.parametrize(("slips", "kind"), [(1, "number"), (2, "number"), (3, "classes")])
def test_a_few_slips_make_no_classes_of_numbers(workspace, make_zip, slips, kind):
    said = [*["viel"] * slips, *(f"{n},5" for n in range(20 - slips))]
    files = {f"{n}.jpg": image("red", n) for n in range(20)}
    table = csv([(f"{n}.jpg", cell) for n, cell in enumerate(said)], "Bild;Gewicht in g", ";")
    dataset = import_path(workspace, make_zip(files={**files, "t.csv": table}))
    assert dataset.kind == kind
    found = {one.kind: one for one in dataset.report.findings}
    if kind == "number":
        assert found["no label"].files == [f"{n}.jpg" for n in range(slips)] and '"viel"' in found["no label"].why
        assert found["no label"].title.endswith("no number in the table: left out.")


@pytest.mark.parametrize("head", ["Bild;Gewicht in g;Klasse", "Datei;Preis (EUR);label;", "pic;Länge [mm];"])
def test_empty_columns_are_as_good_as_not_there(workspace, make_zip, head):
    rows = [(path, f"{n},5", *[""] * (head.count(";") - 1)) for n, (path, _) in enumerate(ROWS)]
    dataset = import_path(workspace, make_zip(files={**IMAGES, "t.csv": csv(rows, head, ";")}))
    assert dataset.kind == "number" and dataset.target == head.split(";")[1]
    assert dataset.report.numbers.largest == 7.5


def test_german_headings(workspace, make_zip):
    rows = [(path, label, ("Training", "Validierung")[n > 5], f"p{n // 2}") for n, (path, label) in enumerate(ROWS)]
    table = csv(rows, "Bild;Klasse;Aufteilung;Gruppe", ";")
    dataset = import_path(workspace, make_zip(files={**IMAGES, "t.csv": table}))
    assert answers(dataset) == dict(ROWS) and dataset.report.splits["validation"] == 2
    assert set(dataset.frame["group"]) == {"p0", "p1", "p2", "p3"}


def test_columns_that_could_not_be_used_are_told(workspace, make_zip):
    files = {f"{label}/{n}.jpg": image(label, n) for label in ("red", "blue") for n in range(3)}
    table = csv([(path, 640, "Ann") for path in files], "path,width,photographer")
    dataset = import_path(workspace, make_zip(files={**files, "t.csv": table}))
    (finding,) = [one for one in dataset.report.findings if one.kind == "unused"]
    assert "photographer, width" in finding.title and dataset.classes == ("blue", "red")


def test_a_parquet_with_missing_values_and_lists_is_read():
    frame = pd.DataFrame({"path": ["a", "b", "c"], "box": [[1, 2], [], None], "label": pd.array([3, None, 4], "Int64")})
    assert read_table("t.parquet", parquet(frame))["label"].tolist() == ["3", "", "4"]
    assert read_table("t.parquet", parquet(frame.astype({"label": float})))["box"].tolist() == ["[1, 2]", "[]", ""]


def test_a_line_of_json_may_hold_any_character():
    line = json.dumps({"path": "a.jpg", "label": "x\u2028y"}, ensure_ascii=False)
    assert read_table("t.jsonl", line.encode())["label"].tolist() == ["x\u2028y"]


def repeated(text, rows):
    """A small table that is a large one when it is read."""
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([text]))
    file = io.BytesIO()
    pq.write_table(pa.table({"path": column, "label": column}), file, compression="zstd")
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("rows.csv", b"path\n" + b"a\n" * 2001, "more than the 2,000 rows"),
        ("rows.jsonl", b'{"path": "a"}\n' * 2001, "more than the 2,000 rows"),
        ("cells.csv", b"path,a,b,c,d,e\n" + b"a,b,c,d,e,f\n" * 1999, "more than the 10,000 cells"),
        ("line.jsonl", b'{"path": [' + b"[]," * 400_000 + b"[]]}", "a line of more than 1,000,000"),
        ("lists.parquet", parquet(pd.DataFrame({"path": [[0] * 20_000]})), "more than the 10,000 cells"),
        ("text.parquet", repeated("x" * 9000, 1500), "more than the 1,000,000 characters"),
        ("texts.parquet", repeated("x" * 2_000_000, 10), "more than the 1,000,000 characters"),
    ],
)
def test_a_small_table_that_would_fill_the_memory(monkeypatch, name, data, words):
    for most, value in (("ROWS", 2000), ("CELLS", 10_000), ("CHARACTERS", 1_000_000)):
        monkeypatch.setattr(tables, f"MOST_{most}", value)
    tracemalloc.start()
    with pytest.raises(DataError, match=words):
        read_table(name, data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 2**20


def test_what_is_repeated_in_a_parquet_is_read_all_the_same():
    frame = read_table("t.parquet", repeated("a cell", 3))
    assert frame.to_dict("list") == {"path": ["a cell"] * 3, "label": ["a cell"] * 3}


def test_all_the_tables_together_have_a_limit(make_zip):
    files = {f"{number}.csv": csv(ROWS) for number in range(3)}
    report = check(make_zip({"red": 3, "blue": 3}, files), limits=Limits(table_bytes=2 * len(csv(ROWS))))
    out = {name: one.why for one in report.findings if one.kind == "left out" for name in one.files}
    assert "more than the 246 B that" in out["2.csv"] and "names no image" in out["1.csv"]


def test_a_parquet_of_very_many_rows_is_refused_unread(monkeypatch):
    monkeypatch.setattr(tables, "MOST_ROWS", 2)
    with pytest.raises(DataError, match="more than the 2 rows"):
        read_table("t.parquet", parquet(pd.DataFrame({"path": ["a"] * 3})))


def test_tables_that_say_nothing_of_the_images_are_left_out(make_zip):
    files = {"red/notes.csv": csv([("a", "b")]), "red/bad.parquet": b"PAR1 but no more", "red/empty.csv": b""}
    report = check(make_zip({"red": 3, "blue": 3}, files))
    out = {name: one.why for one in report.findings if one.kind == "left out" for name in one.files}
    assert set(out) == set(files) and "names no image" in out["red/notes.csv"] and "damaged" in out["red/bad.parquet"]


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("wide.csv", csv([["x"] * 10_000], ",".join(f"c{n}" for n in range(10_000))), "10,000 columns; at most"),
        ("wide.jsonl", json.dumps({f"c{n}": 1 for n in range(10_000)}).encode(), "10,000 columns; at most"),
        ("list.jsonl", b"[1, 2]\n", "no object"),
        ("broken.jsonl", b'{"path": ', "damaged"),
        ("empty.csv", b"", "is empty"),
        ("head.csv", b"path,label\n", "is empty"),
        ("quote.csv", b'path,label\n"never closed', ""),
        ("nul.csv", b"path,label\n\0\0a.jpg,cat\n", ""),
        ("deep.jsonl", b'{"path": ' + b"[" * 100_000, "damaged"),
    ],
)
def test_hostile_tables_are_refused_in_a_sentence(name, data, words):
    if not words:
        assert len(read_table(name, data)) == 1
        return
    with pytest.raises(DataError, match=words) as caught:
        read_table(name, data)
    assert "\n" not in str(caught.value)


def test_formulas_and_markup_stay_text(workspace, make_zip):
    labels = ["=cmd|' /C calc'!A0", "@SUM(1)", "<b>x</b>", "$x^2$"] * 2
    rows = [{"path": path, "label": label} for (path, _), label in zip(ROWS, labels)]
    data = "\n".join(map(json.dumps, rows)).encode()
    dataset = import_path(workspace, make_zip(files={**IMAGES, "t.jsonl": data}))
    assert set(dataset.classes) == set(labels)


@pytest.mark.parametrize("wrapped", ["", "project/"])
def test_a_teachable_machine_project(workspace, make_zip, wrapped):
    files = {f"{wrapped}{label}-!-{n}.jpg": image(label, n) for label in ("Cat/dog", "so-!-so", "猫") for n in range(3)}
    files[f"{wrapped}manifest.json"] = b'{"type": "image", "version": "2.4.10", "appdata": {"trainEpochs": 50}}'
    dataset = import_path(workspace, make_zip(files=files, name="project.tm"))
    assert dataset.name == "project" and dataset.report.classes == {"Cat/dog": 3, "so-!-so": 3, "猫": 3}
    assert not [one for one in dataset.report.findings if one.kind == "left out"]


def test_a_project_that_names_its_files(workspace, make_zip):
    files = {f"samples/{number}.jpg": image("red", number) for number in range(6)}
    classes = [
        {"name": "Cat/dog", "samples": [f"samples/{number}.jpg" for number in range(3)]},
        {"name": "Other", "samples": [{"file": f"samples/{number}.jpg"} for number in range(3, 6)]},
    ]
    files["manifest.json"] = json.dumps({"type": "image", "classes": classes}).encode()
    dataset = import_path(workspace, make_zip(files=files, name="project.tm"))
    assert dataset.report.classes == {"Cat/dog": 3, "Other": 3}


def test_a_project_whose_classes_are_folders(workspace, make_zip):
    path = make_zip({"Class 1": 3, "Class 2": 3}, {"manifest.json": b'{"version": 2}'}, name="project.tm")
    assert import_path(workspace, path).report.classes == {"Class 1": 3, "Class 2": 3}


def test_folders_of_roboflow(workspace, make_zip):
    folders = {"train/red": 4, "train/blue": 4, "valid/red": 2, "valid/blue": 2}
    files = {f"{folder}/{folder[:2]}{n}.jpg": image("x" + folder, n) for folder, c in folders.items() for n in range(c)}
    files["README.roboflow.txt"] = b"exported"
    report = import_path(workspace, make_zip(files=files)).report
    assert report.splits == {"train": 8, "validation": 4, "test": 0} and set(report.classes) == {"red", "blue"}
