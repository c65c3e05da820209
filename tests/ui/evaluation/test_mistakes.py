"""Planted mistakes are where they should be, for every task, and lead to their examples."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from core.data.changes import leave_out, relabel_each
from core.importing.importing import import_path
from core.workspace import write_json
from tests.answered import keep_answers
from tests.conftest import image
from tests.pages.conftest import open_page, press, texts  # noqa: F401
from tests.pages.made_runs import finished, made_run
from tests.pages.test_survey import data_of

EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture
def show(open_page, workspace):  # noqa: F811
    """A tab of Evaluate about a run."""

    def shown(run, title="Mistakes"):
        write_json(workspace.root / "choices.json", {"run": run.id})
        app = open_page("evaluate")
        app.session_state[f"views_{run.id}"] = title
        app.run()
        assert not app.exception
        return app

    return shown


def choose(app, run, dataset, cell, part="validation"):
    """As a click on the grid does."""
    key = f"{run.id}_{part}_{dataset.id}@{dataset.version}"
    app.session_state["confused"] = (key, cell)
    app.run()
    which = app.segmented_control(key=f"list_{key}")
    if "Chosen" in which.options:
        which.set_value("cell").run()
    assert not app.exception
    return app


def said(app):
    """What the page says, without the signs that keep other people's words from being Markdown."""
    return texts(app).replace("\\", "")


def smooth(kind):
    """The same image in several formats, which no noise makes another one to look at."""
    small = np.random.default_rng(0).integers(0, 255, (5, 5, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(small).resize((96, 96), Image.Resampling.BICUBIC).save(file, kind)
    return file.getvalue()


def grid_of(app):
    return data_of(app, '"taken_for"')


def words(app):
    """What stands below each example of the gallery."""
    return [cell["word"] for cell in data_of(app, '"looks"')["cells"]]


@pytest.fixture
def swapped(workspace, make_zip):
    """Images of red, of which two of the validation part are said to be of another class; the model sees that."""
    made = import_path(workspace, make_zip({"red": 20, "blue": 20, EVIL: 20}), name="Colours")
    rows = made.part("validation")
    slips = rows.loc[rows["label"] == "red", "name"].iloc[:2].tolist()
    made = relabel_each(workspace, made, dict.fromkeys(slips, EVIL))
    run = made_run(workspace, made.id, finished())
    write_json(run.directory / "recipe.json", run.recipe.model_copy(update={"dataset_version": 2}).model_dump())
    part = made.part("validation")
    is_slip = part["name"].isin(slips)
    truth = [list(made.classes).index("red" if slip else label) for slip, label in zip(is_slip, part["label"])]
    sure = torch.tensor([8.0 if slip else 3.0 for slip in is_slip])[:, None]
    keep_answers(run, made, {"validation": sure * torch.nn.functional.one_hot(torch.tensor(truth), 3)})
    return made, run, slips


def test_swapped_labels_are_the_surest_mistakes_and_a_cell_of_their_own(show, swapped):
    dataset, run, slips = swapped
    app = show(run)
    drawn = grid_of(app)
    row, column = drawn["rows"].index(EVIL), drawn["columns"].index("red")
    cells = list(zip(*drawn["cells"]))
    assert [cell[:3] for cell in cells if not cell[4]] == [(row, column, 2)]
    assert [button.label for button in app.button if "taken for" in button.label][0].endswith("taken for red: 2")
    assert len(words(app)) == 2 and all(word.endswith(f"is {EVIL}") for word in words(app))
    app = choose(app, run, dataset, (row, column))
    assert f"**{EVIL}** taken for **red**: 2 images, the surest first" in said(app)
    assert {cell["title"] for cell in data_of(app, '"looks"')["cells"]} == {name.split("/")[-1] for name in slips}
    assert EVIL not in texts(app), "in Markdown its signs are made harmless"


def test_a_name_stands_for_all_of_its_row_or_column(show, swapped):
    dataset, run, _ = swapped
    app = show(run)
    red = grid_of(app)["rows"].index("red")
    there = int((dataset.part("validation")["label"] == "red").sum())
    app = choose(app, run, dataset, (None, red))
    assert f"All that was answered **red**: {there + 2} images" in texts(app)
    app = choose(app, run, dataset, (red, None))
    assert f"All that is **red**: {there} images" in texts(app)
    app = choose(app, run, dataset, (99, 0))
    assert "It found what is right least likely" in texts(app), "what is no cell is passed over"


def test_what_was_mended_is_said_and_what_is_gone_is_not_shown(show, workspace, swapped):
    dataset, run, slips = swapped
    app = show(run)
    changed = leave_out(workspace, dataset, slips[:1])
    changed = relabel_each(workspace, changed, {slips[1]: "red"})
    app.session_state["evaluating"] = run.id
    app.session_state["choices"] = app.session_state["choices"].model_copy(
        update={"dataset_version": changed.version, "run": None}
    )
    app.run()
    assert "1 image relabeled, 1 left out" in said(app)
    many = len(changed.part("validation"))
    assert f"compared on the {many} images that their validation parts have in common" in texts(app)
    assert "1 of these was left out of the dataset since" in texts(app)


def test_an_opened_example_says_what_was_answered_and_can_be_mended(show, swapped):
    _, run, slips = swapped
    app = show(run)
    app.session_state["enlarged"] = slips[0]
    app.run()
    assert not app.exception
    assert "It said **red**" in texts(app) and "Likeliest: red" in texts(app)
    labels = [button.label for button in app.button]
    assert "Leave out" in labels and "Why does it say so?" in labels
    app.session_state["enlarged"] = slips[0]  # a dialog stays open by itself in a browser alone
    press(app, "Leave out")
    assert not app.exception and "Changed since this run: 1 image left out" in said(app)


def test_a_weak_class_and_a_leaked_copy_are_seen(show, workspace, make_zip):
    files = {f"train/{label}/{n}.jpg": image(label, n) for label in ("red", "blue") for n in range(8)}
    files |= {f"val/{label}/{n}.jpg": image(label, n + 20) for label in ("red", "blue") for n in range(4)}
    files |= {"train/blue/seen.png": smooth("PNG"), "val/blue/leaked.jpg": smooth("JPEG")}
    dataset = import_path(workspace, make_zip(files=files))
    run, part = made_run(workspace, dataset.id, finished()), dataset.part("validation")
    keep_answers(run, dataset, {"validation": torch.tensor([[-3.0, 3.0]]).repeat(len(part), 1)})  # red, whatever it is
    app = show(run)
    blue = int((part["label"] == "blue").sum())
    assert [button.label for button in app.button if "taken for" in button.label] == [f"blue taken for red: {blue}"]
    (leaked,) = part.loc[part["name"].str.contains("leaked"), "name"]
    app.session_state["enlarged"] = leaked
    app.run()
    (leak,) = [finding.title for finding in dataset.report.findings if finding.kind == "leak"]
    assert not app.exception and leak in said(app)


def test_missed_and_spurious_labels_are_told_apart(show, workspace, make_zip):
    held = ["cat", "dog", "cat;dog", ""] * 8
    table = "file,labels\n" + "\n".join(f"{n}.jpg,{labels}" for n, labels in enumerate(held))
    files = {f"{n}.jpg": image("red", n) for n in range(len(held))}
    dataset = import_path(workspace, make_zip(files={**files, "t.csv": table.encode()}))
    run = made_run(workspace, dataset.id, finished())
    rows = dataset.part("validation")
    outputs = torch.tensor([[-5.0, 5.0 if "dog" in label else -5.0] for label in rows["label"]])  # never a cat
    keep_answers(run, dataset, {"validation": outputs})
    app = show(run)
    drawn = grid_of(app)
    cat = drawn["rows"].index("cat")
    assert drawn["columns"] == ["right", "missed", "spurious"] and not drawn["taken_for"]
    missed = int(rows["label"].str.contains("cat").sum())
    assert [cell[:3] for cell in zip(*drawn["cells"]) if not cell[4]] == [(cat, 1, missed)]
    app = choose(app, run, dataset, (cat, 1))
    assert f"**cat**: **missed**: {missed} images" in texts(app)


def test_entities_have_a_grid_and_a_gallery_of_texts(show, workspace, tmp_path):
    lines = []
    for number in range(24):
        lines.append({"text": f"Ann number {number} lives in {EVIL} Rome", "entities": [[0, 3, "NAME"]]})
    (tmp_path / "t.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    dataset = import_path(workspace, tmp_path / "t.jsonl")
    assert dataset.kind == "tokens"
    run, rows = made_run(workspace, dataset.id, finished()), dataset.part("validation")
    answers = rows[["row", "name"]].assign(
        spans=rows["spans"], entities="NAME Ann", said="", said_spans=json.dumps([[0, 5, "NAME"]]), probability=0.9
    )
    bundle = run.directory / "bundle"
    bundle.mkdir()
    answers.assign(split="validation").to_parquet(bundle / "answers.parquet", index=False)
    spec = dataset.task.spec(dataset.classes, dataset.target, dataset.frame)
    write_json(bundle / "bundle.json", {"task": spec, "modality": "text", "best_epoch": 1})
    app = show(run)
    drawn = grid_of(app)
    assert [cell[:3] for cell in zip(*drawn["cells"])] == [(0, drawn["columns"].index("wrong border"), len(rows))]
    app = choose(app, run, dataset, (0, drawn["columns"].index("wrong border")))
    assert f"**NAME**: **wrong border**: {len(rows)} texts" in texts(app)
    assert len(data_of(app, '"looks"')["cells"]) == len(rows)


def test_of_numbers_the_furthest_off_come_first(show, workspace, make_zip):
    files = {f"{n}.jpg": image("red", n) for n in range(40)}
    table = "file,price\n" + "\n".join(f"{n}.jpg,{n}.5" for n in range(40))
    dataset = import_path(workspace, make_zip(files={**files, "t.csv": table.encode()}))
    run, rows = made_run(workspace, dataset.id, finished()), dataset.part("validation")
    off = np.zeros(len(rows))
    off[3] = 30.0
    answers = rows[["image", "name"]].assign(target=rows["target"], said=rows["target"] + off, split="validation")
    bundle = run.directory / "bundle"
    bundle.mkdir()
    pd.DataFrame(answers).to_parquet(bundle / "answers.parquet", index=False)
    spec = dataset.task.spec(dataset.classes, dataset.target, dataset.frame)
    write_json(bundle / "bundle.json", {"task": spec, "modality": "image", "best_epoch": 1})
    app = show(run)
    first = data_of(app, '"looks"')["cells"][0]
    assert first["title"] == rows["name"].iloc[3]
    assert not app.exception and "largest differences" in texts(app)
    app = show(run, "Predicted and true")
    assert "Click a point, or drag a box around some" in texts(app)
