"""Folders and files of texts, what is asked of a person, and what is kept of texts without an answer."""

from __future__ import annotations

import pandas as pd
import pytest

from core.data.dataset import UNLABELLED
from core.errors import DataError
from core.importing.importing import check, import_path, modality_of
from core.importing.tables.reading import NO_SECOND, Reading
from core.limits import Limits
from tests.conftest import image

GOOD = [f"I would buy number {number} again; it was packed with care." for number in range(8)]
BAD = [f"Sadly number {number} came with a crack, and they shrugged." for number in range(8)]
BOTH = {"pos": GOOD, "neg": BAD}


def each(name):
    return {
        name.format(label=label, number=number): text for label, of in BOTH.items() for number, text in enumerate(of)
    }


def together(name, of=BOTH):
    return {name.format(label=label): "\n".join(texts) for label, texts in of.items()}


FOLDERS = {
    "folders": each("{label}/{number}.txt"),
    "splits above": {**each("train/{label}/{number}_9.txt"), **{"train/unsup/1.txt": "Nobody said", "README": "about"}},
    "mails": each("{label}/{number:05}.7c53336b37003a92"),
    "names": each("{label}_{number:03}.txt"),
    "lines": together("{label}.txt"),
    "endings": {**together("reviews.{label}"), "reviews.README.1.0.txt": "about"},
    "tables": together("{label}.csv", {label: ["text", *(f'"{text}"' for text in of)] for label, of in BOTH.items()}),
    "pages": {name: f"<html><body><p>{text}</p></body></html>" for name, text in each("{label}/{number}.html").items()},
    "UTF-16": {name: text.encode("utf-16") for name, text in each("{label}/{number}.txt").items()},
}


@pytest.fixture
def folder(tmp_path):
    def made(files):
        for name, data in files.items():
            path = tmp_path / "given" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return tmp_path / "given"

    return made


@pytest.mark.parametrize("name", FOLDERS)
def test_files_are_texts_by_their_folders_or_names(folder, name):
    assert check(folder(FOLDERS[name])).classes == {"pos": 8, "neg": 8}


@pytest.mark.parametrize(
    ("files", "modality"),
    [
        (FOLDERS["folders"], "text"),
        ({"t.csv": "text,label\n" + "".join(f'"{text}",pos\n' for text in GOOD)}, "text"),
        ({**FOLDERS["folders"], "a/b.jpg": image("red")}, "image"),
        ({"t.csv": "image,caption\n" + "".join(f'{n}.jpg,"{text}"\n' for n, text in enumerate(GOOD))}, "image"),
        ({"t.csv": "number,label\n1,2\n2,3\n"}, "image"),
        ({"coco.json": '{"images": [{"file_name": "a.jpg"}], "annotations": [{"bbox": [1, 2, 3, 4]}]}'}, "image"),
        ({"photo": image("red")}, "image"),
    ],
)
def test_what_is_given_is_known_for_images_or_texts(folder, files, modality):
    assert modality_of(folder(files), Limits()).name == modality


def test_texts_without_an_answer_are_kept_beside(workspace, folder):
    rows = [*(f'"{text}",pos' for text in GOOD), *(f'"{text}",neg' for text in BAD), "Nobody said of this one,", ","]
    made = import_path(workspace, folder({"t.csv": "text,label\n" + "\n".join(rows)}) / "t.csv")
    kept = pd.read_parquet(made.directory / UNLABELLED)
    assert kept["text"].tolist() == ["Nobody said of this one"] and len(made.frame) == 16
    told = {one.kind: one for one in made.report.findings}
    assert told["no label"].files == ["t 17"]


def asked(workspace, path, choose=0):
    """The dataset as the chosen option reads it, and the question."""
    questions = []

    def ask(folder, places, question):
        questions.append(question)
        return question.options[choose].reading

    return import_path(workspace, path, ask=ask), questions


def test_steps_of_a_scale_are_asked_about_with_texts(workspace, folder):
    rows = [f'"{text}",{1 + number % 5}' for number, text in enumerate([*GOOD, *BAD])]
    path = folder({"t.csv": "review,stars\n" + "\n".join(rows)}) / "t.csv"
    made, (question,) = asked(workspace, path, choose=1)
    assert question.modality == "text" and "classes, or a number" in question.why
    assert [one.reading.kind for one in question.options] == [None, "number"]
    assert question.options[0].examples["1"][0] == GOOD[0] and question.options[0].counts["1"] == 4
    assert (made.kind, made.target) == ("number", "stars")


def test_two_columns_that_may_be_the_text_are_asked_about(workspace, folder):
    rows = [f'"{text[:20]}","{text} {text}",{label}' for label, of in BOTH.items() for text in of]
    path = folder({"t.csv": "title,body,label\n" + "\n".join(rows)}) / "t.csv"
    made, (question,) = asked(workspace, path, choose=1)
    assert [(one.reading.text, one.reading.second) for one in question.options[1:]] == [
        *(("body", "title"), ("title", NO_SECOND))
    ]
    assert made.report.classes == {"neg": 8, "pos": 8} and "guess" not in {one.kind for one in made.report.findings}


def test_a_person_says_which_columns(workspace, folder):
    rows = [f'"{text}",{"ab"[number % 2]},{number / 2}' for number, text in enumerate([*GOOD, *BAD])]
    path = folder({"t.csv": "name,kind,size\n" + "\n".join(rows)}) / "t.csv"
    made = import_path(workspace, path, reading=Reading("size", kind="number", text="name"))
    assert (made.modality.name, made.kind, made.target) == ("text", "number", "size")
    with pytest.raises(DataError, match="no column 'nothing'. It has: kind, name, size"):
        import_path(workspace, path, reading=Reading("nothing", text="name"))


def test_a_spreadsheet_is_read_or_says_what_to_install(folder):
    data = {"t.xlsx": b"PK\x03\x04", **together("{label}.txt")}
    out = [one for one in check(folder(data)).findings if one.kind == "left out"]
    assert [one.files for one in out] == [["t.xlsx"]]
