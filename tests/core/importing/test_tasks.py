"""Every task whose answers can be read is imported from a table, of images and of texts, and put together."""

from __future__ import annotations

import pytest

from core import tasks
from core.importing.importing import check, import_path, import_source
from core.importing.merging import merged_source
from core.importing.tables.manifest import Said
from core.importing.tables.reading import Reading
from core.tasks import TASKS, readable
from tests.conftest import image
from tests.toys.tags import Tags

CELLS = {
    "classes": ("good", "bad"),
    "labels": ('["wood", "metal"]', "[]"),
    "number": ("1,5", "2,25"),
    "tokens": ('[[0, 3, "ANIMAL"]]', "[]"),
}
KEPT = {
    "classes": {"good", "bad"},
    "labels": {"metal\nwood", ""},
    "number": {1.5, 2.25},
    "tokens": {'[[0, 3, "ANIMAL"]]', "[]"},
}


class ReadTags(Tags):
    """A task with a column of its own."""

    def read(self, cells):
        return {cell: cell.strip("<>") for cell in cells if cell.startswith("<")}


def table(path, answers, rows=24):
    said = "\n".join(f"The {number}th cat sat on the mat;{answers[number % len(answers)]}" for number in range(rows))
    path.write_text(f"text;answer\n{said}\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", [name for name, task in readable().items() if "text" in task.modalities])
def test_each_task_of_texts_is_imported_and_merged(workspace, tmp_path, kind):
    reading = Reading("answer", kind=kind, text="text")
    made = import_path(workspace, table(tmp_path / "one.csv", CELLS[kind]), reading=reading)
    assert (made.modality.name, made.kind, len(made.frame)) == ("text", kind, 24)
    assert set(made.frame[TASKS[kind].column]) == KEPT[kind]
    other = import_path(workspace, table(tmp_path / "two.csv", CELLS[kind], 26), reading=reading)
    both = import_source(workspace, merged_source(made, other), "both")
    assert (both.kind, len(both.frame), both.target) == (kind, 50, made.target)
    assert set(both.frame[TASKS[kind].column]) == KEPT[kind]


def test_a_task_with_a_column_of_its_own_reads_it(monkeypatch, make_zip, workspace, tmp_path):
    monkeypatch.setitem(tasks.TASKS, "tags", ReadTags())
    assert "tags" in readable()
    cells = [f"{number}.jpg,{f'<{number}>' if number else 'unknown'}" for number in range(12)]
    files = {f"{number}.jpg": image("red", number) for number in range(12)}
    files["t.csv"] = "\n".join(["file,said", *cells]).encode()
    made = import_path(workspace, make_zip(files=files), reading=Reading("said", kind="tags"))
    assert set(made.frame["tags"]) == {str(number) for number in range(1, 12)}
    said = table(tmp_path / "t.csv", ("<A O>", "<O O>", "unknown"))
    report = check(said, reading=Reading("answer", kind="tags", text="text"))
    assert report.images == 16 and "no label" in {one.kind for one in report.findings}


def test_an_answer_is_a_label_only_where_it_is_words():
    assert Said("cat").label == "cat" and Said(2.5).label == "" and Said().label == ""
