"""One damaged file takes no page: what it belongs to is listed with a reason, and all the rest works."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import pandas as pd
import pytest

from core import trash
from core.commands import main
from core.data.dataset import list_datasets, load_dataset
from core.errors import GraftError
from core.importing.drafts.drafts import list_drafts, new_draft
from core.jobs import Job
from core.runs import index_of, list_runs, titles
from core.runs.answers import answers
from core.runtime.tuning import known_before
from core.tasks.scores import Scores
from core.training.pace import Expected, Pace
from core.training.process.control import Control
from core.training.process.events import Baseline, Changed, Queued
from core.training.process.queue import Launch
from core.training.recipe import Recipe
from core.training.trials.crossval_results import CrossValidation, Fold
from core.training.trials.probe_results import Estimate
from core.workspace import write_json
from tests.damage import put, values, wholes
from tests.pages.conftest import chosen_dataset, texts
from tests.pages.made_runs import finished, made_run
from ui.shared.state import Choices

PAGES = ("home", "backbone", "data", "fine_tune", "predict")
MOST = 30  # ways in which one value of a file is another


def ways(data: bytes, most: int = MOST) -> Iterator[tuple[str, bytes | None]]:
    """Ways in which the file may be damaged: as a whole, and in single values, spread over all of them."""
    yield from wholes(data)
    single = list(values(data))
    yield from islice(single, 0, None, max(1, len(single) // most))


@pytest.fixture
def model(workspace, dataset):
    """A run with every file that one may have."""
    told = (
        Queued(2),
        Changed(1.5, "extend", "Two more", 5, 0, 10),
        Baseline(Scores(0.4, {"accuracy": 0.8}), Scores(0.3, {"accuracy": 0.9}), 1.0),
        finished(),
    )
    run = made_run(workspace, dataset.id, *told, name="20260101-120000-sound")
    there = run.directory
    write_json(there / "expected.json", asdict(Expected({"loading": 1.0, "training": 3.0}, {"reading": 3})))
    write_json(there / "estimate.json", asdict(Estimate(3.0, 1.0, 1.0, 10**9, "CPU")))
    write_json(there / "control" / "launched", asdict(Launch(1, 0, 1)))
    write_json(there / "control" / "000001.json", {"kind": "extend", "value": 3})
    (there / "name.txt").write_text("The sound one", encoding="utf-8")
    asked = {"backbone": "efficientnet_lite0", "task": {"kind": "classes", "classes": ["blue", "red"]}}
    (there / "bundle").mkdir()
    write_json(there / "bundle" / "bundle.json", asked)
    image = dataset.frame["image"][0]
    rows = {"image": [image], "name": ["a"], "split": ["test"], "said": ["x"], "label": ["y"], "probability": [0.5]}
    pd.DataFrame(rows).to_parquet(there / "bundle" / "answers.parquet")
    return run


def said(app) -> str:
    """What the page says, without what keeps other people's words from being read as Markdown."""
    return texts(app).replace("\\", "").replace("\u2060", "")


def damaged_runs(model) -> list[str]:
    """Many, each with one file that is damaged in one way: what was done to each, by its id."""
    made = {}
    for file in sorted(path for path in model.directory.rglob("*") if path.is_file()):
        name, data = file.relative_to(model.directory).as_posix(), file.read_bytes()
        if file.suffix == ".jsonl":
            lines = data.splitlines(keepends=True)
            todo = list(wholes(data))
            for at, line in enumerate(lines):
                for way, changed in islice(ways(line, 30), at % 3, None, 3):
                    todo.append((f"{at}-{way}", b"".join([*lines[:at], (changed or b"") + b"\n", *lines[at + 1 :]])))
        else:
            todo = list(ways(data) if file.suffix == ".json" or name == "control/launched" else wholes(data))
        for way, changed in todo:
            id = f"20260102-12{len(made) // 60:02}{len(made) % 60:02}-{len(made)}"
            shutil.copytree(model.directory, model.workspace.runs / id)
            put(model.workspace.runs / id / name, changed)
            made[id] = f"{name} {way}"
    return made


@pytest.fixture(autouse=True)
def no_worker(monkeypatch):
    """What a damaged file makes of a run may look as if it waited for its turn."""
    monkeypatch.setattr("core.runs.requeue", lambda workspace: [])


def opened(open_page, *pages):
    for page in pages:
        app = open_page(page)
        assert not app.exception, page
        yield app


def test_runs(workspace, dataset, model, open_page, capsys):
    made = damaged_runs(model)
    found, damaged = index_of(workspace).look()
    assert {run.id for run, _ in (*found, *damaged)} == {model.id, *made}
    assert all(why.endswith(".") for _, why in damaged)
    assert {made[run.id].split()[0] for run, _ in damaged} == {"recipe.json", "events.jsonl"}
    titles([run for run, _ in found])
    for run, _ in found[::3]:
        answers(run), run.estimate, run.obstacle, run.turn, Control(run.directory).changes(0)
    app = list(opened(open_page, *PAGES))[PAGES.index("fine_tune")]
    table = app.dataframe[0].value
    assert f"Runs so far ({len(made) + 1})" in {each.label for each in app.expander} and len(table) == 50
    capsys.readouterr()
    assert main(["runs"]) == 0
    listed = capsys.readouterr().out
    assert listed.count(" damaged ") == len(damaged) and model.id in listed


def test_a_damaged_run_that_is_chosen(workspace, dataset, model, open_page):
    """It has its place on the page, with its reason and its way out, and the others can still be asked."""
    made = damaged_runs(model)
    files = sorted({what.split()[0] for what in made.values()})
    some = {file: [id for id, what in made.items() if what.startswith(f"{file} ")][::29] for file in files}
    app = open_page("fine_tune")
    for id in [id for ids in some.values() for id in ids]:
        app.session_state["choices"] = Choices(dataset=dataset.id, dataset_version=1, run=id)
        app.run()
        assert not app.exception, made[id]
        assert any(button.label == "Discard" for button in app.button), made[id]
    app = open_page("predict")
    app.session_state["choices"] = Choices(dataset=dataset.id, dataset_version=1, run=some["recipe.json"][0])
    app.run()
    assert not app.exception and "cannot be read" in said(app) and app.selectbox[0].options


def test_events_that_cannot_be_read_are_counted(workspace, dataset, model, open_page):
    file = model.directory / "events.jsonl"
    file.write_bytes(b'{"event": "Progress", "time": 1, "phase": "lost"}\nnull\n' + file.read_bytes())
    write_json(workspace.root / "choices.json", {"dataset": dataset.id, "dataset_version": 1, "run": model.id})
    assert "2 lines of its events.jsonl" in said(open_page("fine_tune"))


def copies(of: Path, into: Path, name: str, files: tuple[str, ...]) -> dict[str, str]:
    """Of a folder, each with one of these files damaged in one way: what was done to each, by its name."""
    made = {}
    for file in files:
        data = (of / file).read_bytes()
        for way, changed in ways(data) if file.endswith(".json") else wholes(data):
            id = f"{name}-{len(made):04x}"
            shutil.copytree(of, into / id)
            put(into / id / file, changed)
            made[id] = f"{file} {way}"
    return made


def test_datasets(workspace, dataset, open_page, capsys):
    files = ("dataset.json", "report.json", "versions/1.json", "versions/1.parquet")
    made = copies(dataset.directory, workspace.datasets, "copy", files)
    known = {one.id for one in list_datasets(workspace)}
    assert dataset.id in known
    for id, what in made.items():
        try:
            load_dataset(workspace, id).report  # noqa: B018  worked out when it is asked for
        except GraftError as error:
            if "damaged" not in str(error):
                raise AssertionError(what) from error
    capsys.readouterr()
    assert main(["datasets"]) == 0
    listed = capsys.readouterr().out
    damaged = len(made) + 1 - len(known)
    assert listed.count(" damaged ") == damaged > 40
    for app in opened(open_page, *PAGES):
        labels = {each.label for each in app.expander}
        assert (f"Damaged ({damaged})" in labels) == (app.title[0].value == "Data")


def test_a_damaged_dataset_goes_to_the_trash(workspace, dataset, open_page, capsys):
    for number in (1, 2):
        shutil.copytree(dataset.directory, workspace.datasets / f"broken-{number}")
        (workspace.datasets / f"broken-{number}" / "dataset.json").write_text('{"name": 3}')
    app = open_page("data")
    assert "name: Input should be a valid string" in said(app)
    app.button(key="delete_damaged_broken-1").click().run()
    app.button(key="destroy").click().run()
    assert not app.exception and [one.name for one in trash.listed(workspace)] == ["broken-1"]
    assert main(["delete", "dataset", "broken-2"]) == 0
    assert not (workspace.datasets / "broken-2").exists()


def test_a_damaged_dataset_that_is_chosen(workspace, dataset, open_page):
    files = ("dataset.json", "report.json", "versions/1.json", "versions/1.parquet")
    made = copies(dataset.directory, workspace.datasets, "copy", files)
    data, fine_tune = open_page("data"), open_page("fine_tune")
    for id in list(made)[::17]:
        for app in (data, fine_tune):
            app.session_state["choices"] = Choices(dataset=id, dataset_version=1)
            app.run()
            assert not app.exception, made[id]


CHOICES = {
    "backbone": "squeezenet",
    "weights_file": "/nowhere/weights.pt",
    "dataset": "photos",
    "dataset_version": 1,
    "run": "20260101-120000-sound",
    "compared": ["20260101-120000-sound"],
    "preset": "textbook",
    "settings": {"epochs": 3, "freeze": 2, "head": {"kind": "linear"}, "learning_rate": 0.1, "resolution": 96},
    "devices": 1,
}


def test_choices(workspace, dataset, model, open_page):
    todo = list(ways(json.dumps({**CHOICES, "dataset": dataset.id}).encode(), 400))
    for number, (way, changed) in enumerate(todo):
        put(workspace.root / "choices.json", changed)
        for page in ("home", "fine_tune")[: 2 if number % 30 == 0 else 0]:
            assert not open_page(page).exception, (way, page)
    assert len(list(workspace.root.glob("choices.json.damaged*"))) > 3


@pytest.mark.parametrize("damage", [b"[]", b"\xff\xfe\x00", None], ids=["list", "binary", "folder"])
def test_choices_are_put_aside_and_made_again(workspace, dataset, open_page, damage):
    put(workspace.root / "choices.json", damage)
    app = open_page("data")
    assert "cannot be read, so choose again" in said(app)
    assert chosen_dataset(app).set_value(dataset.id).run() and chosen_dataset(app).value == dataset.id
    assert json.loads((workspace.root / "choices.json").read_text())["dataset"] == dataset.id


def test_jobs(workspace, dataset, open_page):
    there = workspace.jobs / "20260101-120000-import-0000"
    there.mkdir()
    asked = {"kind": "import path", "title": "Photos", "arguments": {"path": "/photos"}}
    done = {"dataset": dataset.id, "version": 1, "known": False}
    course = {"legs": [{"name": "Opening", "expected": 1.0}, {"name": "Checking", "expected": 2.0}], "at": 1}
    state = {"status": "done", "phase": "Writing", "done": 3, "total": 4, "course": course, "result": done}
    write_json(there / "job.json", asked)
    write_json(there / "state.json", state)
    app = open_page("data")
    for name in ("job.json", "state.json"):
        sound = (there / name).read_bytes()
        for _, changed in islice(ways(sound, 90), 0, None, 3):
            put(there / name, changed)
            (there / "told").unlink(missing_ok=True)
            assert not app.run().exception, (name, changed and changed[:300])
        put(there / name, sound)


def test_drafts_trash_and_what_was_measured(workspace, dataset, open_page, capsys):
    draft = new_draft(workspace, "Sound")
    copies(draft.directory, draft.directory.parent, "20260101-120000-draft", ("draft.json",))
    shutil.copytree(dataset.directory, workspace.datasets / "gone")
    there = workspace.root / "trash" / trash.put(workspace, "dataset", "gone", "Gone").id
    copies(there, there.parent, "00000000000000000000", ("trashed.json",))
    app = open_page("data")
    assert "Sound" in {one.name for one in list_drafts(workspace)}
    assert any(each.label.startswith("Damaged (") for each in app.expander) and main(["trash"]) == 0
    for name in ("measured.json", "trash/names.json"):
        for _, changed in wholes(json.dumps({"pace of x": asdict(Pace(1, 1, 1, 1, 1))}).encode()):
            put(workspace.root / name, changed)
            known_before(workspace, "pace of x", Pace), trash.last_title(workspace, "dataset", "gone")
    assert not app.run().exception


def test_a_run_is_there_as_long_as_its_directory_is(workspace, dataset, model):
    (model.directory / "recipe.json").unlink()
    ((run, why),) = index_of(workspace).look()[1]
    assert run.id == model.id and "it is not there" in why and list_runs(workspace) == [run]
    assert run.discard() is not None and list_runs(workspace) == []


def test_a_probe_that_was_asked_for_in_a_damaged_way(workspace):
    """How long it will take is worked out from what was asked."""
    there = workspace.jobs / "20260101-120000-probe-0000"
    asked = {"kind": "crossval", "title": "x", "arguments": {"recipe": '{"dataset": "x"}', "folds": 3}}
    nested = json.dumps({**asked, "arguments": {"recipe": "[" * 100_000, "folds": 3}}).encode()
    for _, changed in (*ways(json.dumps(asked).encode(), 200), ("", nested)):
        put(there / "job.json", changed)
        Job(workspace, there).beginning()
        Job(workspace, there).view()


def test_a_damaged_fold_is_not_done(workspace, dataset, open_page):
    recipe = Recipe(dataset=dataset.id, dataset_version=1, backbone="efficientnet_lite0")
    found = CrossValidation.of(workspace, recipe, 2)
    found.begin(recipe)
    for number in (1, 2):
        found.place(number).mkdir()
        found.keep(
            number,
            Fold(1, Scores(0.1, {"accuracy": 0.9}), Scores(0.2, {"accuracy": 0.8})),
            pd.DataFrame({"image": ["a"]}),
        )
    assert found.fold(1) is not None
    for name in ("fold.json", "answers.parquet"):
        sound = (found.place(1) / name).read_bytes()
        for _, changed in wholes(sound):
            put(found.place(1) / name, changed)
            CrossValidation.of(workspace, recipe, 2).curve(1)
            done = [CrossValidation.of(workspace, recipe, 2).fold(number) is not None for number in (1, 2)]
            assert done[1] and not (done[0] and name == "fold.json")  # a table twice over is still one
        put(found.place(1) / name, sound)
